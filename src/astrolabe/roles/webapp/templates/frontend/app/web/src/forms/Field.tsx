import { useId, type ReactNode } from 'react';

export interface InputProps {
  id: string;
  'data-field': string | undefined;
  'aria-invalid': boolean | undefined;
  'aria-describedby': string | undefined;
  'aria-required': boolean | undefined;
}

/** A label, its input, a word of help and what is wrong with it, tied together for screen readers. */
export function Field({
  name,
  label,
  required = false,
  help,
  error,
  inline = false,
  children,
}: {
  /** Says in the page which field of an entity an input is for. */
  name?: string;
  label: string;
  required?: boolean;
  help?: string;
  error?: string;
  /** The label stands behind the input, as with a checkbox. */
  inline?: boolean;
  children: (input: InputProps) => ReactNode;
}) {
  const id = useId();
  const described = [help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(' ');
  const input = children({
    id,
    'data-field': name,
    'aria-invalid': error !== undefined || undefined,
    'aria-describedby': described || undefined,
    'aria-required': required || undefined,
  });
  const text = (
    <label htmlFor={id} className="text-sm font-medium wrap-anywhere text-ink">
      {label}
      {required && (
        <span aria-hidden="true" className="text-danger-ink">
          {' *'}
        </span>
      )}
    </label>
  );
  return (
    <div className="min-w-0 space-y-1.5">
      {inline ? (
        <div className="flex items-center gap-2.5">
          {input}
          {text}
        </div>
      ) : (
        <>
          {text}
          {input}
        </>
      )}
      {help && (
        <p id={`${id}-help`} className="text-sm wrap-anywhere text-muted">
          {help}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="text-sm font-medium wrap-anywhere text-danger-ink">
          {error}
        </p>
      )}
    </div>
  );
}
