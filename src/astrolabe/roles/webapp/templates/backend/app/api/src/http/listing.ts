import { z } from 'zod';
import { isPostgres } from '../database';
import { LARGEST, text } from './values';

export const MAX_PAGE_SIZE = 100;
export const MAX_OPTIONS = 50;

const searchText = () => text(0, 200);

/** The parameters every list takes. */
export const pagingShape = {
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).default(20),
  q: searchText().optional(),
};

export const queryFlag = z.enum(['true', 'false']).transform((value) => value === 'true');
export const queryInteger = z.coerce
  .number()
  .int()
  .min(-(2 ** 31))
  .max(2 ** 31 - 1);
export const queryNumber = z.coerce.number().min(-LARGEST).max(LARGEST);

/** The parameters of a request that have a value; an empty one counts as left out. */
export const given = (query: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));

/** `title` or `-title` for each of the fields. */
export function sorting<const Field extends string>(fields: readonly Field[], standard: string) {
  const choices = fields.flatMap((field) => [field, `-${field}`]);
  return z
    .enum(choices as [string, ...string[]])
    .default(standard)
    .transform((chosen) => ({
      field: chosen.replace(/^-/, '') as Field,
      direction: chosen.startsWith('-') ? ('desc' as const) : ('asc' as const),
    }));
}

export function skipAndTake({ page, pageSize }: { page: number; pageSize: number }) {
  return { skip: (page - 1) * pageSize, take: pageSize };
}

export const optionsQuerySchema = z.strictObject({ q: searchText().optional() });

export const optionsSchema = z.object({
  items: z.array(z.object({ id: z.string(), label: z.string() })),
});

export const pageOf = <Row extends z.ZodType>(row: Row) =>
  z.object({ items: z.array(row), page: z.int(), pageSize: z.int(), total: z.int() });

// SQLite's LIKE ignores case by itself, and Prisma gives it no way to take `%` and `_` for what they are.
const anyCase: object = isPostgres ? { mode: 'insensitive' } : {};
const literal = (text: string) => (isPostgres ? text.replace(/[\\%_]/g, String.raw`\$&`) : text);

/** A condition on a text column: holds `text`, in any case. */
export const contains = (text: string): { contains: string } => ({
  contains: literal(text),
  ...anyCase,
});
