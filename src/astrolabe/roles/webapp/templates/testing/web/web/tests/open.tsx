import { render } from '@testing-library/react';
import { createMemoryRouter, type RouteObject } from 'react-router';
import { App } from '../src/App';
import { session, type User } from '../src/api/session';
import { routes } from '../src/routes';

export const ADA: User = { id: 'user-1', email: 'ada@example.org', name: 'Ada', role: 'user' };

export const signInAs = (user: Partial<User>) =>
  session.start({ accessToken: 'token-1', user: { ...ADA, ...user } });

/** Show the application at an address. */
export const open = (path: string) => openRoutes(routes, path);

/** Show pages of a test's own, within all that surrounds the application's. */
export function openRoutes(pages: RouteObject[], path: string) {
  const router = createMemoryRouter(pages, { initialEntries: [path] });
  render(<App router={router} />);
  return router;
}
