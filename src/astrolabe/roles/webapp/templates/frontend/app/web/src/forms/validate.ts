import type { FieldSpec, NumberSpec, TextSpec } from '../crud/entity';
import { formatNumber } from '../crud/format';
import type { FormValue, FormValues } from './values';

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

function textFault(field: TextSpec, value: string): string | undefined {
  if (field.minLength !== undefined && value.length < field.minLength)
    return `Use at least ${field.minLength} characters.`;
  if (field.maxLength !== undefined && value.length > field.maxLength)
    return `Use at most ${field.maxLength} characters; these are ${value.length}.`;
  if (field.kind === 'email' && !EMAIL.test(value))
    return 'Enter an e-mail address, like ada@example.org.';
  if (field.kind === 'url' && !isWebAddress(value))
    return 'Enter a web address that starts with https://.';
  // The pattern comes from the model, not from a user.
  // eslint-disable-next-line security/detect-non-literal-regexp
  if (field.pattern && !new RegExp(field.pattern).test(value))
    return 'This does not have the expected form.';
  return undefined;
}

function isWebAddress(value: string) {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

function numberFault(field: NumberSpec, value: string): string | undefined {
  const number = Number(value);
  if (!Number.isFinite(number)) return 'Enter a number.';
  if (field.kind === 'integer' && !Number.isInteger(number)) return 'Enter a whole number.';
  if (field.min !== undefined && number < field.min)
    return `Enter ${formatNumber(field.min)} or more.`;
  if (field.max !== undefined && number > field.max)
    return `Enter ${formatNumber(field.max)} or less.`;
  return undefined;
}

const isBlank = (value: FormValue | undefined) =>
  value === undefined || (typeof value === 'string' && value.trim() === '');

function fault(field: FieldSpec, value: FormValue | undefined): string | undefined {
  const empty = Array.isArray(value) ? value.length === 0 : isBlank(value);
  if (empty) return field.required ? `${field.label} is needed.` : undefined;
  if (typeof value !== 'string') return undefined;
  switch (field.kind) {
    case 'integer':
    case 'decimal':
      return numberFault(field, value);
    case 'date':
    case 'datetime':
      return Number.isNaN(Date.parse(value)) ? 'Enter a date.' : undefined;
    case 'string':
    case 'text':
    case 'email':
    case 'url':
      return textFault(field, value);
    default:
      return undefined;
  }
}

/** What is wrong, by the field's name; the API has the last word. */
export function validate(fields: readonly FieldSpec[], values: FormValues): Map<string, string> {
  const faults = new Map<string, string>();
  for (const field of fields) {
    const text = fault(field, values.get(field.name));
    if (text) faults.set(field.name, text);
  }
  return faults;
}
