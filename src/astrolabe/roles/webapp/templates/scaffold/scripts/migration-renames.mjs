// What a schema calls otherwise than the one before: `// was title`. Renaming keeps what is in a column or table;
// without the note Prisma would drop the old one and make an empty new one.
import { columns, fieldOf, isLink, linkBy, linkName } from './prisma-schema.mjs';

const LONGEST = { postgresql: 63, sqlite: 10_000 };
export const quoted = (name) => `"${name}"`;

/** The name Prisma gives a constraint or index that has none of its own. */
function standardName(provider, table, names, ending) {
  return [table, ...names].join('_').slice(0, LONGEST[provider] - ending.length) + ending;
}

/** Writes down the names of a model's indexes and constraints, so that they stay what they are when it is renamed. */
function pin(model, provider) {
  const map = (names, ending) => `map: "${standardName(provider, model.name, names, ending)}"`;
  const named = provider === 'postgresql';
  for (const field of model.fields) {
    if (named) field.attributes = field.attributes.replace(/@id(?!\()/, `@id(${map([], '_pkey')})`);
    field.attributes = field.attributes.replace(
      /@unique(?!\()/,
      `@unique(${map([field.name], '_key')})`,
    );
    const key = /\bfields: \[(\w+)\]/.exec(field.attributes)?.[1];
    if (named && key && !field.attributes.includes('map:')) {
      field.attributes = field.attributes.replace(
        'references:',
        `${map([key], '_fkey')}, references:`,
      );
    }
  }
  model.attributes = model.attributes.map((line) => {
    const [, kind, inside] = /^@@(unique|index)\(\[([^\]]*)\]\)$/.exec(line) ?? [];
    if (!kind) return line;
    const ending = kind === 'unique' ? '_key' : '_idx';
    return `@@${kind}([${inside}], ${map(inside.split(/,\s*/), ending)})`;
  });
}

function replaceListed(text, old, name) {
  return text.replace(/\[([^\]]*)\]/, (_all, inside) => {
    const names = inside.split(/,\s*/).map((each) => (each === old ? name : each));
    return `[${names.join(', ')}]`;
  });
}

/** Renames a column of a schema; returns the statement that does so in the database. */
export function renameColumn(schema, model, old, name, provider) {
  pin(model, provider);
  const link = linkBy(model, old);
  if (link) {
    link.attributes = link.attributes.replace(/fields: \[[^\]]*\]/, (part) =>
      replaceListed(part, old, name),
    );
  }
  model.attributes = model.attributes.map((line) => replaceListed(line, old, name));
  fieldOf(model, old).name = name;
  return `ALTER TABLE ${quoted(model.name)} RENAME COLUMN ${quoted(old)} TO ${quoted(name)};`;
}

function renameModel(schema, old, name, provider) {
  const model = schema.models.get(old);
  pin(model, provider);
  schema.models.delete(old);
  schema.models.set(name, { ...model, name });
  for (const other of schema.models.values()) {
    for (const each of other.fields) if (each.type === old) each.type = name;
  }
  return `ALTER TABLE ${quoted(old)} RENAME TO ${quoted(name)};`;
}

/** The other side of a link between many and many; null for every other field. */
export function otherSide(schema, owner, field) {
  if (field.arity !== '[]' || !isLink(schema, field)) return null;
  const other = schema.models
    .get(field.type)
    .fields.find((each) => linkName(each) === linkName(field) && each !== field);
  return linkName(field) && other?.arity === '[]' ? other : null;
}

/** Whether ids of `owner` stand in the first column of the table between two models. */
export function isFirst(schema, owner, field) {
  if (owner.name !== field.type) return owner.name < field.type;
  return field.name < otherSide(schema, owner, field).name;
}

/** Renames the table between two models; its columns change places when the models' order in the alphabet does. */
function renameJoin(schema, old, join, provider) {
  const [from, to] = [`_${old}`, `_${join.name}`];
  for (const { fields } of schema.models.values()) {
    for (const each of fields) {
      if (linkName(each) !== old) continue;
      each.attributes = each.attributes.replace(`"${old}"`, `"${join.name}"`);
    }
  }
  const alter = `ALTER TABLE ${quoted(to)}`;
  const swap = [
    ['A', 'C'],
    ['B', 'A'],
    ['C', 'B'],
  ].map(([one, other]) => `${alter} RENAME COLUMN "${one}" TO "${other}";`);
  return [
    ...(from === to ? [] : [`ALTER TABLE ${quoted(from)} RENAME TO ${quoted(to)};`]),
    ...(join.isSwapped ? swap : []),
    ...(provider === 'sqlite' ? joinIndexes(from, to) : joinConstraints(from, to, join)),
  ];
}

function joinIndexes(from, to) {
  return [
    `DROP INDEX "${from}_AB_unique";`,
    `DROP INDEX "${from}_B_index";`,
    `CREATE UNIQUE INDEX "${to}_AB_unique" ON "${to}"("A", "B");`,
    `CREATE INDEX "${to}_B_index" ON "${to}"("B");`,
  ];
}

function joinConstraints(from, to, { isSwapped, targets }) {
  const names = ['_AB_pkey', '_A_fkey', '_B_fkey'];
  const alter = `ALTER TABLE "${to}"`;
  const cascade = 'ON DELETE CASCADE ON UPDATE CASCADE';
  const added = [
    `${alter} ADD CONSTRAINT "${to}_AB_pkey" PRIMARY KEY ("A", "B");`,
    ...targets.map(
      (target, index) =>
        `${alter} ADD CONSTRAINT "${to}${names[index + 1]}" FOREIGN KEY ("${'AB'[index]}") REFERENCES "${target}"("id") ${cascade};`,
    ),
  ];
  const renamed = names.map(
    (name) => `${alter} RENAME CONSTRAINT "${from}${name}" TO "${to}${name}";`,
  );
  const dropped = names.map((name) => `${alter} DROP CONSTRAINT "${from}${name}";`);
  return [
    ...(isSwapped ? [...dropped, ...added] : renamed),
    `DROP INDEX "${from}_B_index";`,
    `CREATE INDEX "${to}_B_index" ON "${to}"("B");`,
  ];
}

function renameFields(from, next, model, provider) {
  const before = from.models.get(model.name);
  const statements = [];
  for (const { name, was, ...field } of model.fields) {
    const old = was && !fieldOf(before, name) && !fieldOf(model, was) && fieldOf(before, was);
    if (!old || isLink(from, old) !== isLink(next, field)) continue;
    if (!isLink(from, old)) statements.push(renameColumn(from, before, was, name, provider));
    else if (old.arity === field.arity) old.name = name;
  }
  return statements;
}

/** Gives `from`, a schema, the names of `next`; returns the statements that do so in the database. */
export function rename(from, next, provider) {
  const statements = [];
  const order = new Map();
  const done = new Set();
  const many = (schema, visit) => {
    for (const owner of schema.models.values()) {
      for (const field of owner.fields) if (otherSide(schema, owner, field)) visit(owner, field);
    }
  };
  many(from, (owner, field) => order.set(field, isFirst(from, owner, field)));
  for (const { name, was } of next.models.values()) {
    const isRenamed =
      was && !from.models.has(name) && from.models.has(was) && !next.models.has(was);
    if (isRenamed) statements.push(renameModel(from, was, name, provider));
  }
  for (const model of next.models.values()) {
    if (from.models.has(model.name)) statements.push(...renameFields(from, next, model, provider));
  }
  many(next, (owner, field) => {
    const before = fieldOf(from.models.get(owner.name), field.name);
    const old = before && order.has(before) && before.type === field.type && linkName(before);
    if (!old) return;
    const first = isFirst(next, owner, field);
    const targets = first ? [owner.name, field.type] : [field.type, owner.name];
    const join = { name: linkName(field), isSwapped: order.get(before) !== first, targets };
    // Both sides of a link come by; what the first of them did is done.
    if (done.has(join.name) || (old === join.name && !join.isSwapped)) return;
    done.add(join.name);
    statements.push(...renameJoin(from, old, join, provider));
  });
  return statements;
}

/** The columns that both schemas have, as `{ model, name, before, after }`. */
export function shared(from, next) {
  return [...next.models.values()].flatMap((model) => {
    const old = from.models.get(model.name);
    if (!old) return [];
    return columns(next, model).flatMap((after) => {
      const before = fieldOf(old, after.name);
      return before && !isLink(from, before)
        ? [{ model, old, name: after.name, before, after }]
        : [];
    });
  });
}
