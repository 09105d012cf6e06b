import { expect, test } from 'vitest';
import type { FieldSpec } from '../src/crud/entity';
import { formatDate, formatValue } from '../src/crud/format';
import { validate } from '../src/forms/validate';
import { startValues, toInput, toLocalInput } from '../src/forms/values';

const nobody = { search: () => Promise.resolve([]), find: () => Promise.reject(new Error('none')) };
const fields: FieldSpec[] = [
  { name: 'title', kind: 'string', label: 'Title', required: true, minLength: 2, maxLength: 5 },
  { name: 'count', kind: 'integer', label: 'Count', min: 1, max: 3, defaultValue: 2 },
  { name: 'site', kind: 'url', label: 'Site' },
  { name: 'mail', kind: 'email', label: 'Mail' },
  { name: 'code', kind: 'string', label: 'Code', pattern: '^[A-Z]+$' },
  { name: 'done', kind: 'boolean', label: 'Done', required: true, defaultValue: false },
  { name: 'maybe', kind: 'boolean', label: 'Maybe' },
  { name: 'at', kind: 'datetime', label: 'At', defaultValue: 'now' },
  {
    name: 'parent',
    key: 'parentId',
    kind: 'relation',
    label: 'Parent',
    target: 'X',
    many: false,
    ...nobody,
  },
  {
    name: 'tags',
    key: 'tagIds',
    kind: 'relation',
    label: 'Tags',
    target: 'X',
    many: true,
    ...nobody,
  },
];
const row = { id: 'row-1', createdAt: '', updatedAt: '' };
const link = { id: 'x1', label: 'One' };

test('a new form starts with the defaults, and with what it was given', () => {
  const values = startValues(fields, undefined, { parent: link });
  expect(values.get('count')).toBe('2');
  expect(values.get('done')).toBe(false);
  expect(values.get('maybe')).toBe('');
  expect(values.get('at')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/);
  expect(values.get('parent')).toEqual([link]);
});

test('what is sent has the types of the API', () => {
  const values = new Map(startValues(fields, undefined, { tags: [link] }))
    .set('title', 'Two')
    .set('at', '2024-05-01T10:30')
    .set('maybe', 'false');
  expect(toInput(fields, values)).toEqual({
    title: 'Two',
    count: 2,
    site: null,
    mail: null,
    code: null,
    done: false,
    maybe: false,
    at: new Date('2024-05-01T10:30').toISOString(),
    parentId: null,
    tagIds: ['x1'],
  });
});

test('saving a row sends only what was changed', () => {
  const before = startValues(fields, { ...row, title: 'Old', tags: [link] } as never);
  const after = new Map(before).set('title', 'New');
  expect(toInput(fields, after, before)).toEqual({ title: 'New' });
});

test('a moment keeps its minute on the way through the input', () => {
  const moment = '2024-05-01T10:30:00.000Z';
  expect(new Date(toLocalInput(moment)).toISOString()).toBe(moment);
});

test.each([
  ['title', '', 'Title is needed.'],
  ['title', '   ', 'Title is needed.'],
  ['title', 'a', 'Use at least 2 characters.'],
  ['title', 'abcdef', 'Use at most 5 characters; these are 6.'],
  ['count', '0', 'Enter 1 or more.'],
  ['count', '4', 'Enter 3 or less.'],
  ['count', '1.5', 'Enter a whole number.'],
  ['site', 'javascript:alert(1)', 'Enter a web address that starts with https://.'],
  ['mail', 'nobody', 'Enter an e-mail address, like ada@example.org.'],
  ['code', 'abc', 'This does not have the expected form.'],
  ['at', 'yesterday', 'Enter a date.'],
])('%s refuses "%s"', (name, value, message) => {
  const values = new Map(startValues(fields, undefined)).set('title', 'Fine').set(name, value);
  expect(validate(fields, values)).toEqual(new Map([[name, message]]));
});

test('a day is the same day in every time zone', () => {
  expect(formatDate('2024-05-01')).toContain('2024');
  expect(formatDate('2024-05-01')).toMatch(/\b0?1\b/);
});

test('values are shown in words', () => {
  const status: FieldSpec = {
    name: 'status',
    kind: 'enum',
    label: 'Status',
    choices: [{ value: 'open', label: 'Still open' }],
  };
  expect(formatValue(status, 'open')).toBe('Still open');
  expect(formatValue({ name: 'done', kind: 'boolean', label: 'Done' }, true)).toBe('Yes');
  expect(formatValue({ name: 'done', kind: 'boolean', label: 'Done' }, null)).toBe('');
});
