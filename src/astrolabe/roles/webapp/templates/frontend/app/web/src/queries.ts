import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './api/http';

/** Only what may mend itself is tried again: no connection, or a server in trouble. */
export function createQueryClient() {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (failures, error) =>
          failures < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 502),
      },
    },
  });
}
