import type { Reference, Row } from '../api/resource';
import type { FieldSpec } from '../crud/entity';

/** What an input holds while it is edited: text as typed, a mark, or the rows that were picked. */
export type FormValue = string | boolean | readonly Reference[];
export type FormValues = ReadonlyMap<string, FormValue>;

/** `2026-03-14T08:00:00.000Z` as an `<input type="datetime-local">` wants it: in local time, without a zone. */
export function toLocalInput(moment: string): string {
  const date = new Date(moment);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

/** A mark needs a third state when it may be left open. */
export const isTriState = (field: FieldSpec) =>
  field.kind === 'boolean' && !field.required && field.defaultValue === undefined;

function fromRow(field: FieldSpec, value: unknown): FormValue {
  if (field.kind === 'relation') {
    if (!value) return [];
    return (Array.isArray(value) ? value : [value]) as Reference[];
  }
  if (field.kind === 'boolean' && !isTriState(field)) return value === true;
  if (value === null || value === undefined) return '';
  if (field.kind === 'datetime') return toLocalInput(value as string);
  if (field.kind === 'date') return (value as string).slice(0, 10);
  return `${value as string | number | boolean}`;
}

function initial(field: FieldSpec): unknown {
  if (field.kind === 'relation') return null;
  if (field.defaultValue !== 'now') return field.defaultValue;
  const now = new Date().toISOString();
  return field.kind === 'date' ? toLocalInput(now) : now;
}

/** The values a form starts with: a row's own, or the defaults of a new one with `given` on top. */
export function startValues(
  fields: readonly FieldSpec[],
  row: Row | undefined,
  given: Readonly<Record<string, unknown>> = {},
): FormValues {
  const source = new Map(Object.entries(row ?? given));
  return new Map(
    fields.map((field) => {
      const known = row !== undefined || source.has(field.name);
      return [field.name, fromRow(field, known ? source.get(field.name) : initial(field))];
    }),
  );
}

function toValue(field: FieldSpec, value: FormValue | undefined): unknown {
  if (field.kind === 'relation') {
    const ids = Array.isArray(value) ? (value as Reference[]).map(({ id }) => id) : [];
    return field.many ? ids : (ids[0] ?? null);
  }
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string' || value.trim() === '') return null;
  if (field.kind === 'boolean') return value === 'true';
  if (field.kind === 'integer' || field.kind === 'decimal') return Number(value);
  if (field.kind === 'datetime') return new Date(value).toISOString();
  return value;
}

/**
 * What is sent: empty inputs as null, ids of picked rows, numbers as numbers, moments in UTC. What equals `known` is left
 * out: a reference that this person may not see looks empty, and must not be emptied by saving something else.
 */
export function toInput(
  fields: readonly FieldSpec[],
  values: FormValues,
  known: FormValues = new Map(),
): Record<string, unknown> {
  const changed = fields.filter(
    ({ name }) => !known.has(name) || known.get(name) !== values.get(name),
  );
  return Object.fromEntries(
    changed.map((field) => [
      field.kind === 'relation' ? field.key : field.name,
      toValue(field, values.get(field.name)),
    ]),
  );
}
