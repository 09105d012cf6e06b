import type { ComponentType } from 'react';
import { Outlet, type RouteObject } from 'react-router';
import type { Row } from '../api/resource';
import { RequirePermission } from '../auth/guards';
import type { Action } from '../auth/permissions';
import type { Entity } from './entity';

export type PageModule = () => Promise<{ default: ComponentType }>;

/** Load a page's code when somebody goes there. */
export const lazyPage = (load: PageModule) => async () => ({ Component: (await load()).default });

/** The addresses of an entity's pages, each behind the permission it needs. */
export function entityRoutes<T extends Row, Input>(
  entity: Entity<T, Input>,
  pages: { list?: PageModule; detail?: PageModule; form?: PageModule },
): RouteObject[] {
  const path = entity.path.slice(1);
  const page = (action: Action, at: string, load: PageModule | undefined): RouteObject[] => {
    if (!load) return [];
    const guard = (
      <RequirePermission action={action} permissions={entity.permissions}>
        <Outlet />
      </RequirePermission>
    );
    return [{ element: guard, children: [{ path: at, lazy: lazyPage(load) }] }];
  };
  return [
    ...page('read', path, pages.list),
    ...page('read', `${path}/:id`, pages.detail),
    ...page('create', `${path}/new`, pages.form),
    ...page('update', `${path}/:id/edit`, pages.form),
  ];
}
