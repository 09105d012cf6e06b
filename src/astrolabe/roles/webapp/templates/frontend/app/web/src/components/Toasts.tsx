import { useSyncExternalStore } from 'react';
import { IconAlert, IconCheck, IconClose } from './icons';
import { toast } from './toast';

/** What was just done or refused. No landmark: a list of the application may be called the same. */
export function Toasts() {
  const toasts = useSyncExternalStore(toast.subscribe, toast.all);
  return (
    <div
      role="log"
      aria-label="Messages"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-4 bottom-4 z-50 flex flex-col items-center gap-2 sm:left-auto sm:items-end"
    >
      {toasts.map(({ id, kind, text }) => (
        <div
          key={id}
          role={kind === 'failed' ? 'alert' : undefined}
          className="toast pointer-events-auto flex w-full max-w-sm items-start gap-3 rounded-xl border border-line bg-surface p-3 pl-4 text-sm shadow-lg"
        >
          {kind === 'failed' ? (
            <IconAlert className="mt-0.5 size-5 text-danger-ink" />
          ) : (
            <IconCheck className="mt-0.5 size-5 text-good" />
          )}
          <p className="min-w-0 grow py-0.5 wrap-break-word text-ink">{text}</p>
          <button
            type="button"
            aria-label="Dismiss message"
            onClick={() => toast.dismiss(id)}
            className="rounded-md p-1 text-muted hover:bg-raised hover:text-ink focus-visible:outline-2 focus-visible:outline-brand"
          >
            <IconClose className="size-4" />
          </button>
        </div>
      ))}
    </div>
  );
}
