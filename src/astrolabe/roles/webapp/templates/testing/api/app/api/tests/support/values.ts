// Values that fields accept: the n-th differs from the others wherever the field leaves room.
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const DAY = 24 * 60 * 60 * 1000;
const FIRST = Date.UTC(2024, 0, 1, 12);

/** Counts in letters, of which `width` fit. */
function code(n: number, width: number): string {
  let rest = n;
  let found = '';
  for (let place = 0; place < Math.min(3, width); place += 1) {
    found = LETTERS.charAt(rest % LETTERS.length) + found;
    rest = Math.floor(rest / LETTERS.length);
  }
  return found;
}

export function text(n: number, shortest: number, longest: number): string {
  const start = 'Sample '.slice(0, Math.max(0, longest - 3));
  return `${start}${code(n, longest)}`.trim().padStart(shortest, 'x');
}

export const email = (n: number) => `${code(n, 3)}@example.org`;
export const url = (n: number, shortest: number) =>
  `https://example.org/${code(n, 3)}`.padEnd(shortest, 'x');
export const integer = (n: number, low: number, high: number) => low + (n % (high - low + 1));
export const decimal = (n: number, low: number, high: number) =>
  low + (n % (Math.floor((high - low) * 2) + 1)) / 2;
export const flag = (n: number) => n % 2 === 0;
export const day = (n: number) => new Date(FIRST + n * DAY).toISOString().slice(0, 10);
export const moment = (n: number) => new Date(FIRST + n * DAY).toISOString();

export function choice<Value>(choices: readonly Value[], n: number): Value {
  const chosen = choices[n % choices.length];
  if (chosen === undefined) throw new Error('There is nothing to choose from.');
  return chosen;
}
