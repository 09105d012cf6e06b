/** Short messages about what just happened; `Toasts` shows them. */

export interface Toast {
  id: number;
  kind: 'done' | 'failed';
  text: string;
}

const LIFETIME_MS = 6000;
const listeners = new Set<() => void>();
let toasts: readonly Toast[] = [];
let nextId = 1;

function change(next: readonly Toast[]) {
  toasts = next;
  listeners.forEach((listener) => listener());
}

function show(kind: Toast['kind'], text: string) {
  const id = nextId++;
  change([...toasts.slice(-2), { id, kind, text }]);
  setTimeout(() => toast.dismiss(id), LIFETIME_MS);
}

export const toast = {
  done: (text: string) => show('done', text),
  failed: (text: string) => show('failed', text),
  dismiss: (id: number) => change(toasts.filter((each) => each.id !== id)),
  all: () => toasts,
  subscribe(this: void, listener: () => void) {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
};
