import { useEffect, useState, type ReactNode } from 'react';
import { refreshSession } from '../api/http';
import { Button } from '../components/Button';
import { Spinner } from '../components/Spinner';
import { useSession } from './useSession';

/** Finds out who is signed in before anything is shown. */
export function SessionGate({ children }: { children: ReactNode }) {
  const { status } = useSession();
  const [failed, setFailed] = useState(false);
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    if (status !== 'unknown') return;
    refreshSession().then(
      () => setFailed(false),
      () => setFailed(true),
    );
  }, [status, attempt]);

  if (status !== 'unknown') return children;
  return (
    <div className="grid min-h-dvh place-items-center p-6">
      {failed ? (
        <div role="alert" className="space-y-4 text-center">
          <p className="text-muted">The server cannot be reached.</p>
          <Button onClick={() => setAttempt(attempt + 1)}>Try again</Button>
        </div>
      ) : (
        <Spinner label="Loading" />
      )}
    </div>
  );
}
