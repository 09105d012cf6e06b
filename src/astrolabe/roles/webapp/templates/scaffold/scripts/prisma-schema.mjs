// Reads a Prisma schema as blocks of lines, and writes it again: enough to compare two and to make one in between.
// `// was title` behind a field or a model's name says what it was called before, `// others get 1` what rows get that
// were there before a required field, `// a day` that only the day of a moment counts.

const BLOCK = /^(generator|datasource|enum|model) (\w+) \{(.*)\n([\s\S]*?)^\}/gm;
const PART = /"(?:[^"\\]|\\.)*"|\/\/.*|[^"/]+|\//g;
const FIELD = /^(\w+)\s+(\w+)(\[\]|\?)?\s*(.*)$/;

const notes = (text = '') => ({
  was: /\bwas (\w+)/.exec(text)?.[1],
  fill: /\bothers get (\S+)/.exec(text)?.[1],
  isDay: /\ba day\b/.test(text),
});

function field(line) {
  const parts = line.trim().match(PART) ?? [];
  const end = parts.findIndex((part) => part.startsWith('//'));
  const [code, comment] = end < 0 ? [parts.join('')] : [parts.slice(0, end).join(''), parts[end]];
  const [, name, type, arity = '', attributes = ''] = FIELD.exec(code.trim()) ?? [];
  return name && type
    ? { name, type, arity, attributes: attributes.trim(), ...notes(comment) }
    : null;
}

function model(name, heading, lines) {
  const attributes = lines
    .filter((line) => line.trim().startsWith('@@'))
    .map((line) => line.trim());
  const rest = lines.filter((line) => !/^\s*(@@|\/\/)/.test(line));
  return { name, was: notes(heading).was, attributes, fields: rest.map(field).filter(Boolean) };
}

/** `{ head, enums, models }`: `head` is what stays text, `enums` values by name, `models` fields and attributes by name. */
export function parse(text) {
  const schema = { head: '', enums: new Map(), models: new Map() };
  for (const [whole, kind, name, heading, body] of text.matchAll(BLOCK)) {
    const lines = body.split('\n').filter((line) => line.trim());
    if (kind === 'model') schema.models.set(name, model(name, heading, lines));
    else if (kind === 'enum')
      schema.enums.set(
        name,
        lines.map((line) => line.trim().split(/\s/)[0]),
      );
    else schema.head += `${whole}\n`;
  }
  return schema;
}

const fieldLine = ({ name, type, arity, attributes }) => `  ${name} ${type}${arity} ${attributes}`;

export function print({ head, enums, models }) {
  const values = [...enums].map(([name, list]) => `enum ${name} {\n  ${list.join('\n  ')}\n}\n`);
  const tables = [...models.values()].map(({ name, fields, attributes }) => {
    const lines = [...fields.map(fieldLine), ...attributes.map((each) => `  ${each}`)];
    return `model ${name} {\n${lines.join('\n')}\n}\n`;
  });
  return [head, ...values, ...tables].join('\n');
}

export const copyOf = (schema) => parse(print(schema));

export const fieldOf = (owner, name) => owner?.fields.find((each) => each.name === name);

/** Whether a field is a link to another model, and so no column. */
export const isLink = (schema, { type }) => schema.models.has(type);

export const columns = (schema, owner) => owner.fields.filter((each) => !isLink(schema, each));

const listed = (text) => text.split(',').map((part) => part.trim());

/** The name of a link's relation, which also names the table between two models. */
export const linkName = ({ attributes }) => /@relation\("(\w+)"/.exec(attributes)?.[1];

/** The link whose id a column holds. */
export const linkBy = (owner, column) =>
  owner.fields.find((each) => {
    const inside = /\bfields: \[([^\]]*)\]/.exec(each.attributes)?.[1];
    return inside !== undefined && listed(inside).includes(column);
  });

/** Lists of columns whose values differ between rows. */
export function uniques(owner) {
  const alone = owner.fields
    .filter((each) => /@unique\b/.test(each.attributes))
    .map(({ name }) => [name]);
  const together = owner.attributes.flatMap((line) => {
    const inside = /^@@unique\(\[([^\]]*)\]/.exec(line)?.[1];
    return inside === undefined ? [] : [listed(inside)];
  });
  return [...alone, ...together];
}

/** The text inside `@default(…)`. */
export function defaultOf({ attributes }) {
  const start = attributes.indexOf('@default(');
  if (start < 0) return undefined;
  const inside = attributes.slice(start + '@default('.length);
  return /^"(?:[^"\\]|\\.)*"|^\w+\(\w*\)|^[^)]*/.exec(inside)?.[0];
}
