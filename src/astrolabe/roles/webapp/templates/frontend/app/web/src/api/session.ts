/** Who is signed in. The access token lives in memory only; the refresh token is a cookie no script can read. */

export interface User {
  id: string;
  email: string;
  name: string;
  role: string;
}

export interface Credentials {
  accessToken: string;
  user: User;
}

export type SessionState =
  | { status: 'unknown' }
  | { status: 'guest' }
  | { status: 'signed-in'; accessToken: string; user: User };

/** Tells other tabs, and the next visit, that a refresh cookie is worth trying. It is not a secret. */
const HINT = 'signed-in';

const listeners = new Set<() => void>();
let state: SessionState = localStorage.getItem(HINT) ? { status: 'unknown' } : { status: 'guest' };

function change(next: SessionState) {
  state = next;
  listeners.forEach((listener) => listener());
}

export const session = {
  get: (): SessionState => state,

  subscribe(this: void, listener: () => void) {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },

  start({ accessToken, user }: Credentials) {
    localStorage.setItem(HINT, user.id);
    change({ status: 'signed-in', accessToken, user });
  },

  end() {
    localStorage.removeItem(HINT);
    change({ status: 'guest' });
  },

  updateUser(user: User) {
    if (state.status === 'signed-in') change({ ...state, user });
  },
};

window.addEventListener('storage', (event) => {
  if (event.key !== HINT) return;
  const mine = state.status === 'signed-in' ? state.user.id : null;
  if (event.newValue === null) change({ status: 'guest' });
  else if (event.newValue !== mine) change({ status: 'unknown' });
});
