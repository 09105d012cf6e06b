import { useSyncExternalStore } from 'react';
import { session } from '../api/session';

export const useSession = () => useSyncExternalStore(session.subscribe, session.get);

/** The signed-in user, or null for a guest (and while that is not known yet). */
export function useUser() {
  const current = useSession();
  return current.status === 'signed-in' ? current.user : null;
}
