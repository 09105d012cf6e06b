import { Outlet } from 'react-router';
import { app } from '../app';
import { ThemeSwitch } from '../theme/ThemeSwitch';
import { Brand } from './Brand';

/** The frame of the pages for signing in. */
export function AccountFrame() {
  return (
    <div className="flex min-h-dvh flex-col items-center px-4 py-10 sm:py-16">
      <header className="flex flex-col items-center">
        <Brand />
        {app.description && (
          <p className="mt-3 max-w-md text-center text-sm text-balance text-muted">
            {app.description}
          </p>
        )}
      </header>
      <main id="main" tabIndex={-1} className="card mt-8 w-full max-w-md p-6 sm:p-8">
        <Outlet />
      </main>
      <footer className="mt-8">
        <ThemeSwitch />
      </footer>
    </div>
  );
}
