import { useEffect, useRef, useState } from 'react';
import { NavLink, Outlet, ScrollRestoration, useLocation, useNavigate } from 'react-router';
import { signOut } from '../api/auth';
import { useUser } from '../auth/useSession';
import { Button, LinkButton } from '../components/Button';
import {
  IconClose,
  IconHome,
  IconMenu,
  IconSignOut,
  IconUser,
  IconUsers,
} from '../components/icons';
import { toast } from '../components/toast';
import type { EntitySummary } from '../crud/entity';
import { canCreate, canList } from '../crud/entry';
import { entities } from '../entities';
import { ThemeSwitch } from '../theme/ThemeSwitch';
import { Brand } from './Brand';

/** The frame of every page but those for signing in: a column to find one's way, and the page. */
export function Shell() {
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[16rem_1fr]">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-3 focus:left-3 focus:z-50 focus:rounded-lg focus:bg-brand focus:px-4 focus:py-2 focus:text-sm focus:font-medium focus:text-on-brand"
      >
        Skip to content
      </a>
      <aside className="sticky top-0 hidden h-dvh border-r border-line bg-surface lg:block">
        <Sidebar />
      </aside>
      <div className="min-w-0">
        <MobileBar />
        <main id="main" tabIndex={-1} className="mx-auto max-w-6xl px-4 py-6 sm:px-8 sm:py-10">
          <Outlet />
        </main>
      </div>
      <ScrollRestoration />
    </div>
  );
}

function MobileBar() {
  const [open, setOpen] = useState(false);
  return (
    <header className="sticky top-0 z-20 flex h-14 items-center gap-3 border-b border-line bg-surface px-4 lg:hidden">
      <Button
        look="quiet"
        square
        aria-label="Open menu"
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        <IconMenu />
      </Button>
      <Brand />
      {open && <Drawer onClose={() => setOpen(false)} />}
    </header>
  );
}

function Drawer({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { key } = useLocation();
  const [openedAt] = useState(key);

  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);

  useEffect(() => {
    if (key !== openedAt) onClose();
  }, [key, openedAt, onClose]);

  return (
    <dialog
      ref={dialog}
      aria-label="Menu"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
      className="fixed inset-y-0 left-0 m-0 h-dvh max-h-none w-72 max-w-[85vw] border-r border-line bg-surface text-ink shadow-xl backdrop:bg-black/50"
    >
      <Button
        look="quiet"
        square
        aria-label="Close menu"
        className="absolute top-3 right-3"
        onClick={onClose}
      >
        <IconClose />
      </Button>
      <Sidebar />
    </dialog>
  );
}

function Sidebar() {
  const user = useUser();
  return (
    <div className="flex h-full flex-col">
      <div className="flex h-16 shrink-0 items-center pr-14 pl-5 lg:pr-5">
        <Brand />
      </div>
      <nav aria-label="Main" className="grow space-y-0.5 overflow-y-auto px-3 py-2">
        <Item to="/" label="Home" Icon={IconHome} />
        {entities.map((entity) => (
          <EntityItem key={entity.path} entity={entity} />
        ))}
        {user?.role === 'admin' && (
          <>
            <p className="px-3 pt-5 pb-1.5 text-xs font-semibold tracking-wide text-muted">
              Administration
            </p>
            <Item to="/admin/users" label="Accounts" Icon={IconUsers} />
          </>
        )}
      </nav>
      <div className="shrink-0 space-y-3 border-t border-line p-3">
        {user ? <Account name={user.name} email={user.email} /> : <SignInLinks />}
        <div className="px-1">
          <ThemeSwitch />
        </div>
      </div>
    </div>
  );
}

/** Leads to the list, or to the form where somebody may add to what they may not see. */
function EntityItem({ entity }: { entity: EntitySummary }) {
  const user = useUser();
  const { path, label, plural } = entity;
  if (canList(user, entity)) return <Item to={path} label={plural} />;
  return canCreate(user, entity) ? <Item to={`${path}/new`} label={`New ${label}`} /> : null;
}

/** Without an icon, a tile with the label's first letter helps to tell entries apart. */
function Item({ to, label, Icon }: { to: string; label: string; Icon?: typeof IconHome }) {
  return (
    <NavLink
      to={to}
      end={to === '/'}
      className={({ isActive }) =>
        `flex items-center gap-3 rounded-lg px-3 py-2 text-sm font-medium focus-visible:outline-2 focus-visible:outline-brand ${
          isActive ? 'bg-brand-soft text-brand-ink' : 'text-muted hover:bg-raised hover:text-ink'
        }`
      }
    >
      {Icon ? (
        <Icon className="size-5" />
      ) : (
        <span
          aria-hidden="true"
          className="grid size-5 shrink-0 place-items-center rounded-md border border-current/30 text-[0.625rem] font-bold"
        >
          {[...label][0]?.toUpperCase()}
        </span>
      )}
      <span className="truncate">{label}</span>
    </NavLink>
  );
}

function Account({ name, email }: { name: string; email: string }) {
  const navigate = useNavigate();
  async function leave() {
    try {
      await signOut();
    } catch {
      toast.failed('The server could not be told; you are signed out in this browser.');
    }
    await navigate('/login');
  }
  return (
    <div className="flex items-center gap-1">
      <NavLink
        to="/profile"
        className="flex min-w-0 grow items-center gap-3 rounded-lg p-2 hover:bg-raised focus-visible:outline-2 focus-visible:outline-brand"
      >
        <span className="grid size-9 shrink-0 place-items-center rounded-full bg-brand-soft text-brand-ink">
          <IconUser className="size-5" />
        </span>
        <span className="min-w-0 text-sm leading-tight">
          <span className="block truncate font-medium">{name}</span>
          <span className="block truncate text-xs text-muted">{email}</span>
        </span>
        <span className="sr-only">: your profile</span>
      </NavLink>
      <Button
        look="quiet"
        square
        aria-label="Sign out"
        title="Sign out"
        onClick={() => void leave()}
      >
        <IconSignOut />
      </Button>
    </div>
  );
}

function SignInLinks() {
  return (
    <div className="grid gap-2">
      <LinkButton to="/login">Sign in</LinkButton>
      <LinkButton look="secondary" to="/register">
        Create an account
      </LinkButton>
    </div>
  );
}
