import type { ReactNode } from 'react';
import { Outlet, type RouteObject } from 'react-router';
import { GuestOnly, RequireUser } from './auth/guards';
import { Spinner } from './components/Spinner';
import { lazyPage } from './crud/entityRoutes';
import { entityPages } from './entities/routes';
import { AccountFrame } from './layout/AccountFrame';
import { Shell } from './layout/Shell';
import { Crash } from './pages/Crash';
import { Home } from './pages/Home';
import { NotFound } from './pages/NotFound';

const waiting = (
  <div className="grid min-h-dvh place-items-center">
    <Spinner label="Loading" />
  </div>
);

const guarded = (guard: ReactNode, children: RouteObject[]): RouteObject => ({
  element: guard,
  children,
});

export const routes: RouteObject[] = [
  {
    errorElement: <Crash />,
    hydrateFallbackElement: waiting,
    children: [
      {
        element: <Shell />,
        children: [
          { index: true, element: <Home /> },
          ...entityPages,
          guarded(
            <RequireUser>
              <Outlet />
            </RequireUser>,
            [{ path: 'profile', lazy: lazyPage(() => import('./pages/Profile')) }],
          ),
          guarded(
            <RequireUser role="admin">
              <Outlet />
            </RequireUser>,
            [{ path: 'admin/users', lazy: lazyPage(() => import('./pages/Users')) }],
          ),
          { path: '*', element: <NotFound /> },
        ],
      },
      {
        element: <AccountFrame />,
        children: [
          guarded(
            <GuestOnly>
              <Outlet />
            </GuestOnly>,
            [
              { path: 'login', lazy: lazyPage(() => import('./pages/SignIn')) },
              { path: 'register', lazy: lazyPage(() => import('./pages/Register')) },
              { path: 'forgot', lazy: lazyPage(() => import('./pages/ForgotPassword')) },
            ],
          ),
          { path: 'reset', lazy: lazyPage(() => import('./pages/ResetPassword')) },
        ],
      },
    ],
  },
];
