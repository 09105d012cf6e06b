// Writes the next migration for both databases: `npm run db:migration -- add-rating`.
//
// `schema.applied.prisma` beside the migrations is the schema they lead to. The migration is the difference from it to
// `schema.prisma`, so no database is needed and two people get the same result.
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { schemaDifference } from './wasm-engine.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const PROVIDERS = ['sqlite', 'postgresql'];

/** The SQL that leads from the migrations of a provider to its schema; empty when there is nothing to do. */
export function difference(provider) {
  const folder = path.join(root, 'api', 'prisma', provider);
  const applied = path.join(folder, 'migrations', 'schema.applied.prisma');
  return schemaDifference(
    provider,
    existsSync(applied) ? applied : null,
    path.join(folder, 'schema.prisma'),
  );
}

const TABLE = /^ALTER TABLE ("[^"]+") [\s\S]*?;$/gm;

/** Fills the gaps of columns that become required and have a default: PostgreSQL refuses them otherwise. */
function filled(sql) {
  return sql.replace(TABLE, (statement, table) => {
    const required = [...statement.matchAll(/ALTER COLUMN ("[^"]+") SET NOT NULL/g)];
    const gaps = required.flatMap(([, column]) => {
      const start = `ALTER COLUMN ${column} SET DEFAULT `;
      const line = statement.split('\n').find((text) => text.startsWith(start));
      const value = line?.slice(start.length).replace(/[,;]$/, '');
      return value ? [`UPDATE ${table} SET ${column} = ${value} WHERE ${column} IS NULL;\n`] : [];
    });
    return gaps.join('') + statement;
  });
}

function nextFolder(migrations, name) {
  const done = existsSync(migrations)
    ? readdirSync(migrations).filter((entry) => /^\d{4,}_/.test(entry))
    : [];
  const last = Math.max(0, ...done.map((entry) => Number.parseInt(entry, 10)));
  return path.join(migrations, `${String(last + 1).padStart(4, '0')}_${name}`);
}

function write(provider, name, sql) {
  const folder = path.join(root, 'api', 'prisma', provider);
  const migrations = path.join(folder, 'migrations');
  const next = nextFolder(migrations, name);
  mkdirSync(next, { recursive: true });
  writeFileSync(path.join(next, 'migration.sql'), filled(sql));
  writeFileSync(path.join(migrations, 'migration_lock.toml'), `provider = "${provider}"\n`);
  copyFileSync(path.join(folder, 'schema.prisma'), path.join(migrations, 'schema.applied.prisma'));
  console.log(`wrote ${path.relative(root, next)}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const name = (process.argv[2] ?? 'change').toLowerCase().replace(/[^a-z0-9]+/g, '_');
  for (const provider of PROVIDERS) {
    const sql = await difference(provider);
    if (sql) write(provider, name, sql);
    else console.log(`${provider}: the migrations already lead to the schema`);
  }
}
