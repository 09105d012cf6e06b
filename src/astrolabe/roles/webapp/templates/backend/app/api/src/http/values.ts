import { z } from 'zod';

const INT32 = 2 ** 31 - 1;

const noNul = (value: string) => !value.includes('\0');

/** Refuses what has not so many characters, counted as the description does: one beyond 16 bits is one. */
const within =
  (minimum: number, maximum: number): z.core.CheckFn<string> =>
  ({ value: input, issues }) => {
    const length = Array.from(input).length;
    const told = { origin: 'string', inclusive: true, input } as const;
    if (length < minimum) issues.push({ code: 'too_small', minimum, ...told });
    if (length > maximum) issues.push({ code: 'too_big', maximum, ...told });
  };

/** A text as it was sent. */
export const verbatim = (minimum: number, maximum: number) =>
  z.string().check(within(minimum, maximum)).meta({ minLength: minimum, maxLength: maximum });

/** What `text` asks for beyond lengths, as the pattern that describes it: no NUL, and enough without the space around it. */
function described(minimum: number): string {
  const any = '[^\\x00]';
  const core = minimum < 2 ? '\\S'.repeat(minimum) : `\\S${any}{${minimum - 2},}\\S`;
  return `^${any}*${core}${core && `${any}*`}$`;
}

const plain = (minimum: number, maximum: number) =>
  z
    .string()
    .check(within(0, maximum))
    .trim()
    .check(within(minimum, Infinity))
    .refine(noNul, 'Invalid character');

/** A text without leading and trailing space; NUL is what PostgreSQL cannot store. */
export const text = (minimum: number, maximum: number) =>
  plain(minimum, maximum).meta({
    minLength: minimum,
    maxLength: maximum,
    pattern: described(minimum),
  });

/** A text in which a pattern of the model is found, which describes it. */
export const matching = (minimum: number, maximum: number, source: string) =>
  plain(minimum, maximum).regex(pattern(source)).meta({ minLength: minimum, maxLength: maximum });

/** A pattern of the model, which was refused there if some text could make it take for ever. */
// eslint-disable-next-line security/detect-non-literal-regexp
export const pattern = (source: string) => new RegExp(source);

const MAX_LOCAL_PART = 64;

/** A part of a host's name: RFC 1035, 2.3.4, and RFC 5891, 4.2.3.1. */
const isLabel = (text: string) =>
  text.length <= 63 && !text.endsWith('-') && (!/^..--/.test(text) || /^xn--/i.test(text));

/** What zod's pattern lets through and no mail server would take (RFC 5321, 4.5.3.1.1). */
function isAddress(value: string): boolean {
  const at = value.lastIndexOf('@');
  return (
    at <= MAX_LOCAL_PART &&
    value
      .slice(at + 1)
      .split('.')
      .every(isLabel)
  );
}

export const email = (minimum = 0, maximum = 254) =>
  z.email().min(minimum).max(maximum).refine(isAddress, 'Invalid email address');

export const url = (minimum: number, maximum: number) =>
  z
    .url({ protocol: /^https?$/, hostname: /./ })
    .min(minimum)
    .max(maximum)
    .refine(noNul, 'Invalid character');

export const integer = (minimum = -INT32 - 1, maximum = INT32) =>
  z.number().int().min(minimum).max(maximum);

/** The databases' drivers make an infinite number of the largest there is. */
export const LARGEST = 1e300;

export const decimal = (minimum = -LARGEST, maximum = LARGEST) =>
  z.number().min(minimum).max(maximum);

const FIRST_DAY = '0001-01-01';

/** `YYYY-MM-DD`. */
export const day = () => z.iso.date().refine((value) => value >= FIRST_DAY, 'is before the year 1');

const EARLIEST = Date.parse(`${FIRST_DAY}T00:00:00.000Z`);
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/** Its offset may carry a moment into a year that has no four digits, or is none. */
function isOfOurEra(value: string): boolean {
  const time = Date.parse(value);
  return !(time < EARLIEST || time > LATEST);
}

/** A point in time with its offset from UTC. */
export const moment = () =>
  z.iso.datetime({ offset: true }).refine(isOfOurEra, 'is not between the years 1 and 9999');

/** The id of another row. */
export const reference = () =>
  z.string().min(1).max(64).refine(noNul, 'Invalid character').meta({ pattern: '^[^\\x00]+$' });

export const references = (minimum: number) =>
  z
    .array(reference())
    .min(minimum)
    .max(100)
    .refine((ids) => new Set(ids).size === ids.length, 'Names the same row twice')
    .meta({ uniqueItems: true });

type Maybe = null | undefined;

/** A day or moment of a request as the database takes it. */
export function toDate(value: string): Date;
export function toDate(value: string | null): Date | null;
export function toDate(value: string | undefined): Date | undefined;
export function toDate(value: string | Maybe): Date | Maybe;
export function toDate(value: string | Maybe): Date | Maybe {
  return typeof value === 'string' ? new Date(value) : value;
}

export function dayText(value: Date): string;
export function dayText(value: Date | null): string | null;
export function dayText(value: Date | null): string | null {
  return value && value.toISOString().slice(0, 10);
}

/** This day in UTC. */
export const today = (): string => dayText(new Date());

export function momentText(value: Date): string;
export function momentText(value: Date | null): string | null;
export function momentText(value: Date | null): string | null {
  return value && value.toISOString();
}
