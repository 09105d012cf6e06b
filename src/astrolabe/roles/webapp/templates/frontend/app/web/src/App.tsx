import { QueryClientProvider } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { RouterProvider, type DataRouter } from 'react-router';
import { SessionGate } from './auth/SessionGate';
import { useUser } from './auth/useSession';
import { Toasts } from './components/Toasts';
import { createQueryClient } from './queries';

export function App({ router }: { router: DataRouter }) {
  const user = useUser();
  return (
    <>
      <SessionGate>
        <LoadedData key={user?.id}>
          <RouterProvider router={router} />
        </LoadedData>
      </SessionGate>
      <Toasts />
    </>
  );
}

/** What was loaded for one person is never shown to the next: each gets a store of their own, through the key. */
function LoadedData({ children }: { children: ReactNode }) {
  const [client] = useState(createQueryClient);
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}
