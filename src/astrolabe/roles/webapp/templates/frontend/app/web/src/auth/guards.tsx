import type { ReactNode } from 'react';
import { Navigate, useLocation, useSearchParams } from 'react-router';
import { Forbidden } from '../pages/Forbidden';
import { may, type Action, type Permissions } from './permissions';
import { useUser } from './useSession';

/** Show a page to those who may use it; guests are asked to sign in and brought back. */
export function RequirePermission({
  action,
  permissions,
  children,
}: {
  action: Action;
  permissions: Permissions;
  children: ReactNode;
}) {
  const user = useUser();
  if (may(user, action, permissions)) return children;
  return user ? <Forbidden /> : <ToSignIn />;
}

export function RequireUser({ role, children }: { role?: string; children: ReactNode }) {
  const user = useUser();
  if (!user) return <ToSignIn />;
  return role && user.role !== role ? <Forbidden /> : children;
}

/** Sign-in pages are of no use to someone who is signed in. */
export function GuestOnly({ children }: { children: ReactNode }) {
  const user = useUser();
  const [params] = useSearchParams();
  return user ? <Navigate to={localPath(params.get('next'))} replace /> : children;
}

function ToSignIn() {
  const { pathname, search } = useLocation();
  const next = encodeURIComponent(pathname + search);
  return <Navigate to={next === '%2F' ? '/login' : `/login?next=${next}`} replace />;
}

/** Only a path of this application may be returned to; `//elsewhere` would lead away, with a tab between too. */
export function localPath(next: string | null) {
  return next && /^\/(?!\s*[/\\])/.test(next) ? next : '/';
}
