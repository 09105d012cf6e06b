import { QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import { RouterProvider, type DataRouter } from 'react-router';
import { SessionGate } from './auth/SessionGate';
import { Toasts } from './components/Toasts';
import { createQueryClient } from './queries';

export function App({ router }: { router: DataRouter }) {
  const [client] = useState(createQueryClient);
  return (
    <QueryClientProvider client={client}>
      <SessionGate>
        <RouterProvider router={router} />
      </SessionGate>
      <Toasts />
    </QueryClientProvider>
  );
}
