import type { FieldSpec } from './entity';

const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });
const timeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const numberFormat = new Intl.NumberFormat(undefined, { maximumFractionDigits: 10 });

/** A calendar day, `YYYY-MM-DD`, is the same day everywhere. */
export const formatDate = (day: string) =>
  dateFormat.format(new Date(`${day.slice(0, 10)}T00:00:00Z`));

/** A moment, in the reader's own time zone. */
export const formatMoment = (moment: string) => timeFormat.format(new Date(moment));

export const formatNumber = (value: number) => numberFormat.format(value);

/** The text of a value that is neither a link, a mark nor a reference; empty when there is no value. */
export function formatValue(field: FieldSpec, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (field.kind === 'boolean') return value ? 'Yes' : 'No';
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value !== 'string') return '';
  if (field.kind === 'date') return formatDate(value);
  if (field.kind === 'datetime') return formatMoment(value);
  if (field.kind === 'enum')
    return field.choices.find((each) => each.value === value)?.label ?? value;
  return value;
}
