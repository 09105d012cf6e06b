// Writes the next migration for both databases: `npm run db:migration -- add-rating`.
//
// `schema.applied.prisma` beside the migrations is the schema they lead to. The migration is the difference from it to
// `schema.prisma`, so no database is needed and two people get the same result. `migration-rows.mjs` adds what the rows
// that are there need. Read what was written before it is applied, and change it where you know better.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { planned } from './migration-rows.mjs';
import { parse, print } from './prisma-schema.mjs';
import { schemaDifference } from './wasm-engine.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const PROVIDERS = ['sqlite', 'postgresql'];

/** The text of the schema a provider's migrations lead to, null when there are none, and of its schema. */
function schemas(provider) {
  const folder = path.join(root, 'api', 'prisma', provider);
  const applied = path.join(folder, 'migrations', 'schema.applied.prisma');
  return {
    applied: existsSync(applied) ? readFileSync(applied, 'utf8') : null,
    schema: readFileSync(path.join(folder, 'schema.prisma'), 'utf8'),
  };
}

/** The SQL that leads from the schema the migrations of a provider lead to, to its schema; empty for nothing. */
export function difference(provider) {
  const { applied, schema } = schemas(provider);
  return schemaDifference(provider, applied, schema);
}

/** The SQL of the next migration, which takes rows along, and what a person should know of it. */
async function migration(provider) {
  const { applied, schema } = schemas(provider);
  const between = (from, to) => schemaDifference(provider, from, to);
  if (applied === null) return { sql: await between(null, schema), notes: [] };
  const plan = planned(parse(applied), parse(schema), provider);
  const from = plan.before.length > 0 || plan.middle ? print(plan.from) : applied;
  const middle = plan.middle && print(plan.middle);
  const parts = middle
    ? [await between(from, middle), plan.rows.join('\n'), await between(middle, schema)]
    : [await between(from, schema)];
  const sql = [plan.before.join('\n'), ...parts].filter(Boolean).join('\n\n');
  return { sql, notes: plan.notes };
}

const NEW_VALUE = /^ALTER TYPE "\w+" ADD VALUE '\w+';$/gm;
const BLOCK = /^(?=-- [A-Z]\w+$)/m;

/** PostgreSQL cannot use a new value of an enumeration in the transaction that adds it: these come first. */
function scripts({ sql, notes }, name) {
  const heading = notes.map((note) => `-- ${note}\n`).join('');
  const values = sql.match(NEW_VALUE) ?? [];
  const rest = sql
    .split(BLOCK)
    .filter((block) => !block.includes(' ADD VALUE '))
    .join('');
  if (values.length === 0 || !/^[^-\s]/m.test(rest)) return [{ name, sql: heading + sql }];
  return [
    { name: `${name}_values`, sql: `${values.join('\n')}\n` },
    { name, sql: heading + rest },
  ];
}

function nextFolder(migrations, name) {
  const done = existsSync(migrations)
    ? readdirSync(migrations).filter((entry) => /^\d{4,}_/.test(entry))
    : [];
  const last = Math.max(0, ...done.map((entry) => Number.parseInt(entry, 10)));
  return path.join(migrations, `${String(last + 1).padStart(4, '0')}_${name}`);
}

function write(provider, wanted, found) {
  const folder = path.join(root, 'api', 'prisma', provider);
  const migrations = path.join(folder, 'migrations');
  for (const { name, sql } of found.sql ? scripts(found, wanted) : []) {
    const next = nextFolder(migrations, name);
    mkdirSync(next, { recursive: true });
    writeFileSync(path.join(next, 'migration.sql'), sql);
    console.log(`wrote ${path.relative(root, next)}`);
  }
  writeFileSync(path.join(migrations, 'migration_lock.toml'), `provider = "${provider}"\n`);
  copyFileSync(path.join(folder, 'schema.prisma'), path.join(migrations, 'schema.applied.prisma'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const name = (process.argv[2] ?? 'change').toLowerCase().replace(/[^a-z0-9]+/g, '_');
  const notes = new Set();
  for (const provider of PROVIDERS) {
    const found = await migration(provider);
    write(provider, name, found);
    if (!found.sql) console.log(`${provider}: the migrations already lead to the schema`);
    for (const note of found.notes) notes.add(note);
  }
  for (const note of notes) console.log(`note: ${note}`);
}
