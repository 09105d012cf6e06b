import type { ReactNode } from 'react';
import { Button } from './Button';
import { IconAlert, IconStack } from './icons';

/** What stands where content would be: nothing there yet, something went wrong, or still loading. */

export function EmptyState({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center px-6 py-16 text-center">
      <span className="grid size-12 place-items-center rounded-full bg-brand-soft text-brand-ink">
        <IconStack className="size-6" />
      </span>
      <p className="mt-4 font-semibold text-ink">{title}</p>
      {children && <p className="mt-1 max-w-sm text-sm wrap-anywhere text-muted">{children}</p>}
      {action && <div className="mt-6">{action}</div>}
    </div>
  );
}

export function ErrorState({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  return (
    <div role="alert" className="flex flex-col items-center px-6 py-16 text-center">
      <span className="grid size-12 place-items-center rounded-full bg-danger-soft text-danger-ink">
        <IconAlert className="size-6" />
      </span>
      <p className="mt-4 font-semibold text-ink">This could not be loaded</p>
      <p className="mt-1 max-w-sm text-sm wrap-anywhere text-muted">{error.message}</p>
      {onRetry && (
        <Button look="secondary" className="mt-6" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

export function LoadingRows({ label, rows = 5 }: { label: string; rows?: number }) {
  return (
    <div role="status" className="divide-y divide-line">
      <span className="sr-only">{label}</span>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className="flex items-center gap-6 px-5 py-4">
          <span className="h-3.5 w-2/5 animate-pulse rounded-full bg-raised" />
          <span className="h-3.5 w-1/5 animate-pulse rounded-full bg-raised" />
          <span className="ml-auto h-3.5 w-16 animate-pulse rounded-full bg-raised" />
        </div>
      ))}
    </div>
  );
}
