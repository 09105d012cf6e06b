// What becomes of rows that are there when the schema changes. Prisma writes how tables change; a migration that only did
// that would fail on every table with rows, or lose what could be kept. So the change is made in three parts: first all
// that is new, with nothing required of it yet; then the rows are brought along; then what is required, and what goes.
import {
  columns,
  copyOf,
  defaultOf,
  fieldOf,
  isLink,
  linkBy,
  linkName,
  uniques,
} from './prisma-schema.mjs';
import { converted, DIALECTS, literal } from './migration-values.mjs';
import { isFirst, otherSide, quoted, rename, renameColumn, shared } from './migration-renames.mjs';

const BEFORE = '__before';
const PLACEHOLDER = '00000000-0000-7000-8000-000000000000';

/**
 * The plan from one schema to the next: `{ from, middle, before, rows, notes }`. `before` are statements that lead to
 * `from`, Prisma's difference leads to `middle` (null when there are no `rows` to bring along) and on to the next
 * schema, and `rows` are the statements between both. `notes` say what a person should know.
 */
export function planned(applied, next, provider) {
  const from = copyOf(applied);
  const plan = { from, middle: null, notes: [], rows: [] };
  plan.before = [
    ...promised(applied, next),
    ...rename(from, next, provider),
    ...keepOldTypes(from, next, provider),
  ];
  const middle = middleOf(from, next);
  const work = { ...plan, applied, next, sql: DIALECTS[provider], provider, kept: new Set() };
  plan.before.push(...emptiedJoins(work));
  plan.rows.push(...copies(work), ...conversions(work), ...retired(work), ...filled(work));
  noteLosses(work);
  if (plan.rows.length > 0) plan.middle = middle;
  return plan;
}

const isSameLink = (from, next, { old, model, name }) => {
  const [before, after] = [linkBy(old, name), linkBy(model, name)];
  return before?.type === after?.type && (before === undefined) === (after === undefined);
};

/** Columns of another type become new columns: their values are brought along where they can be. */
function keepOldTypes(from, next, provider) {
  const changed = shared(from, next).filter(({ before, after }) => before.type !== after.type);
  return changed.map(({ old, name }) => renameColumn(from, old, name, name + BEFORE, provider));
}

const hasConstant = (field) => {
  const value = defaultOf(field);
  return value !== undefined && !/^\w+\(/.test(value);
};
const optional = (field) => ({ ...field, arity: '?' });
const withoutCall = ({ attributes, ...field }) => ({
  ...field,
  attributes: attributes.replace(/@default\(\w+\(\w*\)\)/, ''),
});
const withoutUnique = (field) => ({
  ...field,
  attributes: field.attributes.replace(/@unique\([^)]*\)/, '').replace('@unique', ''),
});

/** The schema with everything both have: nothing is dropped yet, and what is new is not yet required. */
function middleOf(from, next) {
  const middle = copyOf(from);
  for (const [name, values] of next.enums) {
    const old = middle.enums.get(name) ?? [];
    middle.enums.set(name, [...old, ...values.filter((each) => !old.includes(each))]);
  }
  for (const model of next.models.values()) {
    const known = middle.models.get(model.name);
    if (known) addColumns(known, columns(next, model));
    else middle.models.set(model.name, { ...model, fields: columns(next, model), attributes: [] });
  }
  for (const each of shared(from, next)) {
    if (!isSameLink(from, next, each)) unlink(middle, each.model, each.name);
  }
  addJoins(middle, from, next);
  return middle;
}

/** Adds what is new to a model; what it has no more may stay empty. */
function addColumns(known, fields) {
  const names = new Set(fields.map(({ name }) => name));
  known.fields = known.fields.map((each) => {
    const isNeeded = each.arity === '' && defaultOf(each) === undefined;
    return isNeeded && !names.has(each.name) ? optional(each) : each;
  });
  for (const field of fields.filter(({ name }) => !fieldOf(known, name))) {
    const isSafe = hasConstant(field) && !fieldOf(known, field.name + BEFORE);
    known.fields.push(withoutUnique(isSafe ? field : optional(withoutCall(field))));
  }
}

/** A link that leads elsewhere now: its column stays, empty where need be. */
function unlink(middle, model, name) {
  const known = middle.models.get(model.name);
  const link = linkBy(known, name);
  if (link) {
    const back = middle.models.get(link.type);
    const isBack = (each) =>
      each !== link && each.type === model.name && linkName(each) === linkName(link);
    known.fields = known.fields.filter((each) => each !== link);
    back.fields = back.fields.filter((each) => !isBack(each));
  }
  known.fields = known.fields.map((each) => (each.name === name ? optional(each) : each));
}

const joinsOf = (schema, owner) => owner.fields.filter((each) => otherSide(schema, owner, each));

/** Tables between two models are made early, so that links can be copied into them. */
function addJoins(middle, from, next) {
  const old = [...from.models.values()];
  const there = new Set(old.flatMap((owner) => joinsOf(from, owner).map(linkName)));
  for (const owner of next.models.values()) {
    for (const field of joinsOf(next, owner).filter((each) => !there.has(linkName(each)))) {
      for (const other of old) {
        const same = other.fields.find((each) => linkName(each) === linkName(field) && keyOf(each));
        if (same) unlink(middle, other, keyOf(same));
      }
      middle.models.get(owner.name).fields.push({ ...field, name: `${field.name}__join` });
    }
  }
}

/** Tables between two models of which one is another now. */
function emptiedJoins({ from, next, notes }) {
  return [...next.models.values()].flatMap((owner) =>
    joinsOf(next, owner).flatMap((field) => {
      const old = from.models.get(owner.name);
      const before = old && fieldOf(old, field.name);
      const isMoved =
        before &&
        linkName(before) === linkName(field) &&
        otherSide(from, old, before) &&
        before.type !== field.type;
      if (!isMoved) return [];
      notes.push(
        `${owner.name}.${field.name} loses its links: they lead to another kind of row now.`,
      );
      return [`DELETE FROM ${quoted(`_${linkName(field)}`)};`];
    }),
  );
}

const keyOf = ({ attributes }) => /\bfields: \[(\w+)\]/.exec(attributes)?.[1];
const table = ({ name }) => quoted(name);
const set = (model, name, value, where) =>
  `UPDATE ${table(model)} SET ${quoted(name)} = ${value}${where ? ` WHERE ${where}` : ''};`;

/** Links of one row become links of many, and the other way round. */
function copies(work) {
  const { from, next } = work;
  return [...next.models.values()].flatMap((model) => {
    const old = from.models.get(model.name);
    const links = old ? model.fields.filter((each) => isLink(next, each)) : [];
    return links.flatMap((field) => {
      const before = fieldOf(old, field.name) ?? fieldOf(old, field.was);
      if (!before || !isLink(from, before) || before.type !== field.type) return [];
      return copied(work, model, before, field);
    });
  });
}

function copied({ from, next, notes, kept }, model, before, field) {
  const old = from.models.get(model.name);
  const [wasMany, isMany] = [otherSide(from, old, before), otherSide(next, model, field)];
  if (!wasMany && isMany && keyOf(before)) {
    const key = quoted(keyOf(before));
    kept.add(`${model.name}.${keyOf(before)}`);
    const [one, other] = isFirst(next, model, field) ? ['"id"', key] : [key, '"id"'];
    return [
      `INSERT INTO ${quoted(`_${linkName(field)}`)} ("A", "B") SELECT ${one}, ${other} FROM ${table(model)} WHERE ${key} IS NOT NULL;`,
    ];
  }
  if (wasMany && !isMany && keyOf(field)) {
    notes.push(`${model.name}.${field.name} keeps one link of each row.`);
    const [mine, theirs] = isFirst(from, old, before) ? ['"A"', '"B"'] : ['"B"', '"A"'];
    const first = `(SELECT MIN(${theirs}) FROM ${quoted(`_${linkName(before)}`)} WHERE ${mine} = ${table(model)}."id")`;
    return [set(model, keyOf(field), first)];
  }
  return [];
}

/** Values of a column whose type or target changed. */
function conversions(work) {
  const { from, next, sql } = work;
  const typed = [...next.models.values()].flatMap((model) => {
    const old = from.models.get(model.name);
    return (old ? columns(next, model) : []).flatMap((field) => {
      const before = fieldOf(old, field.name + BEFORE);
      if (!before) return [];
      work.notes.push(
        `${model.name}.${field.name} keeps the values that can be read as ${field.type}.`,
      );
      return [set(model, field.name, converted(work, before, field, quoted(before.name)))];
    });
  });
  const elsewhere = shared(from, next).filter((each) => !isSameLink(from, next, each));
  const emptied = elsewhere.filter(({ model, name }) => linkBy(model, name));
  const days = shared(from, next).filter(
    ({ before, after }) => after.isDay && before.type === after.type,
  );
  return [
    ...typed,
    ...emptied.map(({ model, name }) => set(model, name, 'NULL')),
    ...days
      .filter(({ model, name }) => wasMoment(work, model, name))
      .flatMap(({ model, name }) => (sql.day ? [set(model, name, sql.day(quoted(name)))] : [])),
  ];
}

/** Whether a column that holds days held moments before. */
function wasMoment({ applied, next }, model, name) {
  const before =
    applied.models.get(model.name) ?? applied.models.get(next.models.get(model.name).was);
  const field = fieldOf(before, name) ?? fieldOf(before, fieldOf(model, name).was);
  return field !== undefined && !field.isDay;
}

/** Values that an enumeration has no more. */
function retired(work) {
  const { from, next, notes, provider } = work;
  return shared(from, next).flatMap(({ model, before, after }) => {
    const values = next.enums.get(after.type);
    const gone = (from.enums.get(after.type) ?? []).filter((each) => !values?.includes(each));
    if (!values || before.type !== after.type || gone.length === 0) return [];
    const isOpen = after.arity === '?' && defaultOf(after) === undefined;
    const value = isOpen ? 'NULL' : literal(defaultOf(after) ?? values[0], after, next, provider);
    const list = gone.map((each) => `'${each}'`).join(', ');
    notes.push(`${model.name}.${after.name}: ${list} becomes ${value}.`);
    return [set(model, after.name, value, `${quoted(after.name)} IN (${list})`)];
  });
}

/** Columns that are required now: rows that have no value get one. */
function filled(work) {
  const { from, next } = work;
  const needed = [...next.models.values()].flatMap((model) => {
    const old = from.models.get(model.name);
    return (old ? columns(next, model) : [])
      .filter((field) => field.arity === '' && mayLack(work, model, old, field))
      .map((field) => ({ model, field }));
  });
  const made = new Set();
  const targets = needed.flatMap(({ model, field }) =>
    placeholder(work, model, field, model, made),
  );
  return [
    ...targets,
    ...needed.map(({ model, field }) => {
      const value = valueFor(work, model, field);
      work.notes.push(
        `${model.name}.${field.name}: rows without one get ${said(work, model, field, value)}.`,
      );
      return set(model, field.name, value, `${quoted(field.name)} IS NULL`);
    }),
  ];
}

/** The value of `valueFor` in words. */
function said({ sql }, model, field, value) {
  const link = linkBy(model, field.name);
  if (link) return link.type === 'User' ? 'an administrator' : `the oldest ${link.type}`;
  if (value === sql.now || value === sql.today)
    return value === sql.now ? 'this moment' : 'this day';
  if (isUnique(model, field.name)) return 'one of their own';
  if (field.type === 'Boolean') return value === sql.no ? 'no' : 'yes';
  return value === "''" ? 'an empty text' : value;
}

function mayLack({ from, next }, model, old, field) {
  const before = fieldOf(old, field.name);
  if (!before) return !hasConstant(field) || Boolean(fieldOf(old, field.name + BEFORE));
  return before.arity === '?' || !isSameLink(from, next, { old, model, name: field.name });
}

/** Whether values of a column differ between rows; a link may be shared where it is unique only with another column. */
const isUnique = (model, name) =>
  uniques(model).some(
    (names) => names.includes(name) && (names.length === 1 || !linkBy(model, name)),
  );
const rank = (model, alias = quoted(model.name)) =>
  `(SELECT COUNT(*) FROM ${table(model)} AS "each" WHERE "each"."id" <= ${alias}."id")`;

/** An expression for the value of a column nobody has said anything about; `alone` for a row that is made first. */
function valueFor({ next, sql, provider }, model, field, alone = false) {
  const link = linkBy(model, field.name);
  const unique = isUnique(model, field.name) && !alone;
  if (link) return chosen(model, next.models.get(link.type), unique, alone);
  const standard = defaultOf(field);
  if (standard === 'now()') return field.isDay ? sql.today : sql.now;
  if (standard !== undefined) return literal(standard, field, next, provider);
  if (next.enums.has(field.type)) return `'${next.enums.get(field.type)[0]}'`;
  const least = field.fill ?? '0';
  const number = unique ? `${rank(model)} + ${least}` : least;
  const values = { Boolean: sql.no, DateTime: sql.today, Float: number, Int: number };
  return values[field.type] ?? (unique ? '"id"' : "''");
}

/** The row a required link leads to: an admin as owner, else the oldest row, of the same owner if there is one. */
function chosen(model, target, unique, alone) {
  const t = '"target"';
  if (unique)
    return `(SELECT ${t}."id" FROM ${table(target)} AS ${t} WHERE ${rank(target, t)} = ${rank(model)})`;
  const admin = target.name === 'User' ? `CASE WHEN ${t}."role" = 'admin' THEN 0 ELSE 1 END, ` : '';
  const first = (where) =>
    `(SELECT ${t}."id" FROM ${table(target)} AS ${t}${where} ORDER BY ${admin}${t}."createdAt", ${t}."id" LIMIT 1)`;
  const owned = !alone && fieldOf(model, 'ownerId') && fieldOf(target, 'ownerId');
  if (!owned) return first('');
  return `COALESCE(${first(` WHERE ${t}."ownerId" = ${table(model)}."ownerId"`)}, ${first('')})`;
}

/** Where a required link would find nothing to lead to, one row is made for it. */
function placeholder(work, model, field, needing, made) {
  const { next, notes, sql } = work;
  const link = linkBy(model, field.name);
  const target = link && next.models.get(link.type);
  if (!target || target.name === 'User' || made.has(target.name)) return [];
  made.add(target.name);
  const own = columns(next, target).filter((each) => each.arity === '' && each.name !== 'id');
  const values = own.map((each) =>
    each.name === 'updatedAt' ? sql.now : valueFor(work, target, each, true),
  );
  const names = ['"id"', ...own.map((each) => quoted(each.name))];
  notes.push(
    `${target.name}: an empty row is made if there is none that a ${needing.name} could lead to.`,
  );
  return [
    ...own.flatMap((each) => placeholder(work, target, each, needing, made)),
    `INSERT INTO ${table(target)} (${names.join(', ')}) SELECT '${PLACEHOLDER}', ${values.join(', ')} WHERE EXISTS (SELECT 1 FROM ${table(needing)}) AND NOT EXISTS (SELECT 1 FROM ${table(target)});`,
  ];
}

/** Says at once, before anything is changed, that rows share what is to be unique from now on. */
function promised(applied, next) {
  return [...next.models.values()].flatMap((model) => {
    const old = applied.models.get(model.name) ?? applied.models.get(model.was);
    if (!old) return [];
    const known = new Set(uniques(old).map((names) => names.join()));
    return uniques(model).flatMap((names) => {
      const now = names.map((name) => formerName(old, model, name));
      // What links rows from now on leads all of them to the same; any other new value differs from row to row.
      const isDecided = names.every((name, at) => now[at] || linkBy(model, name));
      const there = now.filter(Boolean);
      if (known.has(now.join()) || !isDecided || there.length === 0) return [];
      const index = quoted(`unique_${there.join('_')}`.slice(0, 63));
      return [
        `-- Fails here, with nothing changed yet, where rows share ${there.join(' and ')}: make them differ first.`,
        `CREATE UNIQUE INDEX ${index} ON ${table(old)}(${there.map(quoted).join(', ')});`,
        `DROP INDEX ${index};`,
      ];
    });
  });
}

/** What a column that keeps its values was called before; undefined for one that is new. */
function formerName(old, model, name) {
  const field = fieldOf(model, name);
  const before = fieldOf(old, name) ?? fieldOf(old, field.was);
  return before?.type === field.type ? before.name : undefined;
}

function noteLosses({ from, next, notes, kept }) {
  for (const old of from.models.values()) {
    const model = next.models.get(old.name);
    if (!model) notes.push(`${old.name} is dropped with all its rows.`);
    const isGone = (field) =>
      !isLink(from, field) &&
      !field.name.endsWith(BEFORE) &&
      !fieldOf(model, field.name) &&
      !kept.has(`${old.name}.${field.name}`);
    for (const field of model ? old.fields.filter(isGone) : []) {
      notes.push(`${old.name}.${field.name} is dropped with what is in it.`);
    }
  }
}
