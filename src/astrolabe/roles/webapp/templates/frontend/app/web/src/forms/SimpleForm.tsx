import { useMutation } from '@tanstack/react-query';
import { useRef, useState, type SyntheticEvent } from 'react';
import { ApiError } from '../api/http';
import { Button } from '../components/Button';
import { Field } from './Field';
import { focusFirstFault } from './focus';
import { FormError } from './FormError';

export interface SimpleField {
  name: string;
  label: string;
  type?: 'text' | 'email' | 'password';
  autoComplete: string;
  help?: string;
  minLength?: number;
  value?: string;
}

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

function fault(field: SimpleField, value: string): string | undefined {
  if (value.trim() === '') return `${field.label} is needed.`;
  if (field.type === 'email' && !EMAIL.test(value))
    return 'Enter an e-mail address, like ada@example.org.';
  if (value.length < (field.minLength ?? 0)) return `Use at least ${field.minLength} characters.`;
  return undefined;
}

/** A short form of texts that must all be given: signing in, a password, a name. */
export function SimpleForm({
  label,
  fields,
  submitLabel,
  onSubmit,
  wide = false,
}: {
  label: string;
  fields: readonly SimpleField[];
  submitLabel: string;
  /** Receives the texts in the order of `fields`. */
  onSubmit: (...texts: string[]) => Promise<unknown>;
  wide?: boolean;
}) {
  const [faults, setFaults] = useState<ReadonlyMap<string, string>>(new Map());
  const form = useRef<HTMLFormElement>(null);
  const send = useMutation({
    mutationFn: (texts: string[]) => onSubmit(...texts),
    onError: (error) => showFaults(error instanceof ApiError ? error.fields : new Map()),
  });

  function showFaults(found: ReadonlyMap<string, string>) {
    setFaults(found);
    focusFirstFault(form);
  }

  function submit(event: SyntheticEvent<HTMLFormElement>) {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const texts = fields.map(({ name }) => data.get(name) as string);
    const found = new Map<string, string>();
    fields.forEach((field, index) => {
      const text = fault(field, texts.at(index) ?? '');
      if (text) found.set(field.name, text);
    });
    showFaults(found);
    if (found.size === 0) send.mutate(texts);
  }

  const placed = fields.some(({ name }) => faults.has(name));
  return (
    <form ref={form} noValidate onSubmit={submit} aria-label={label} className="space-y-5">
      <FormError error={placed ? null : send.error} />
      {fields.map(({ name, type = 'text', autoComplete, value, ...field }) => (
        <Field
          key={name}
          name={name}
          label={field.label}
          help={field.help}
          error={faults.get(name)}
        >
          {(input) => (
            <input
              {...input}
              name={name}
              type={type}
              autoComplete={autoComplete}
              aria-required
              defaultValue={value}
              className="input"
            />
          )}
        </Field>
      ))}
      <Button type="submit" busy={send.isPending} className={wide ? 'h-10 w-full' : ''}>
        {submitLabel}
      </Button>
    </form>
  );
}
