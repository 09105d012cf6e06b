import { render } from '@testing-library/react';
import { createMemoryRouter } from 'react-router';
import { App } from '../src/App';
import { session, type User } from '../src/api/session';
import { routes } from '../src/routes';

export const ADA: User = { id: 'user-1', email: 'ada@example.org', name: 'Ada', role: 'user' };

export const signInAs = (user: Partial<User>) =>
  session.start({ accessToken: 'token-1', user: { ...ADA, ...user } });

/** Show the application at an address. */
export function open(path: string, state?: unknown) {
  const router = createMemoryRouter(routes, { initialEntries: [{ pathname: path, state }] });
  render(<App router={router} />);
  return router;
}
