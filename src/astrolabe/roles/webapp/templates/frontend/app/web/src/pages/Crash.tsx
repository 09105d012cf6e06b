import { useRouteError } from 'react-router';
import { Button } from '../components/Button';

/** Shown when a page breaks, or its code is no longer on the server because a newer version is. */
export function Crash() {
  const error = useRouteError();
  return (
    <main className="grid min-h-dvh place-items-center p-6 text-center">
      <div role="alert" className="max-w-md space-y-4">
        <h1 className="text-2xl font-semibold tracking-tight">Something went wrong</h1>
        <p className="text-sm text-muted">
          {error instanceof Error ? error.message : 'This page could not be shown.'}
        </p>
        <Button onClick={() => window.location.reload()}>Load the page again</Button>
      </div>
    </main>
  );
}
