import { IconAlert } from '../components/icons';

/** What went wrong with a form as a whole. */
export function FormError({ error }: { error: Error | null }) {
  if (!error) return null;
  return (
    <p
      role="alert"
      className="flex items-start gap-2.5 rounded-lg bg-danger-soft px-3.5 py-3 text-sm text-danger-ink"
    >
      <IconAlert className="size-5" />
      <span className="min-w-0 wrap-anywhere">{error.message}</span>
    </p>
  );
}
