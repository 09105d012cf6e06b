// Applies the migrations one after another, with rows in every table before each: what an empty database cannot show.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const api = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', 'api');
const migrations = path.join(api, 'prisma', 'sqlite', 'migrations');
const ROWS = 2;

async function open(file) {
  const require = createRequire(path.join(api, 'package.json'));
  const driver = createRequire(require.resolve('@prisma/adapter-libsql')).resolve('@libsql/client');
  const { createClient } = await import(pathToFileURL(driver).href);
  return createClient({ url: `file:${file}`, intMode: 'number' });
}

const quoted = (name) => `"${name}"`;

async function rowsOf(client, sql) {
  const { rows } = await client.execute(sql);
  return rows;
}

async function tablesOf(client) {
  const found = await rowsOf(client, "SELECT name FROM sqlite_master WHERE type = 'table'");
  return found.map(({ name }) => name).filter((name) => !name.startsWith('sqlite_'));
}

/** A value for a column of the n-th row: a link leads to the row of the same number, so that all of them lead somewhere. */
function valueFor({ name, type }, isLink, number) {
  if (name === 'id' || isLink) return `row-${number}`;
  if (type === 'DATETIME') return new Date(Date.UTC(2024, 0, number)).toISOString();
  if (type === 'TEXT') return `${number}`;
  return type === 'BOOLEAN' ? 1 : number;
}

async function fill(client, round) {
  const statements = [];
  for (const table of await tablesOf(client)) {
    const columns = await rowsOf(client, `PRAGMA table_info(${quoted(table)})`);
    const keys = await rowsOf(client, `PRAGMA foreign_key_list(${quoted(table)})`);
    const links = new Set(keys.map(({ from }) => from));
    const names = columns.map(({ name }) => quoted(name)).join(', ');
    const marks = columns.map(() => '?').join(', ');
    for (let number = round * ROWS + 1; number <= (round + 1) * ROWS; number += 1) {
      const args = columns.map((column) => valueFor(column, links.has(column.name), number));
      statements.push({ sql: `INSERT INTO ${quoted(table)} (${names}) VALUES (${marks})`, args });
    }
  }
  await client.migrate(statements);
}

async function countsOf(client) {
  const counts = new Map();
  for (const table of await tablesOf(client)) {
    const [{ count }] = await rowsOf(client, `SELECT COUNT(*) AS count FROM ${quoted(table)}`);
    counts.set(table, count);
  }
  return counts;
}

async function apply(client, name) {
  const before = await countsOf(client);
  await client.executeMultiple(readFileSync(path.join(migrations, name, 'migration.sql'), 'utf8'));
  const [loose] = await rowsOf(client, 'PRAGMA foreign_key_check');
  if (loose)
    throw new Error(`a row of ${loose.table} leads to a row of ${loose.parent} that is not there`);
  const after = await countsOf(client);
  for (const [table, count] of before) {
    const left = after.get(table) ?? count;
    if (left < count && !table.startsWith('_'))
      throw new Error(`${count - left} rows of ${table} are gone`);
  }
}

/** Returns what went wrong, with the name of the migration, or nothing. */
export async function applyWithRows(file) {
  const client = await open(file);
  try {
    const names = readdirSync(migrations, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
    for (const [round, name] of names.entries()) {
      try {
        if (round > 0) await fill(client, round);
        await apply(client, name);
      } catch (error) {
        return `${name}: ${error.message}`;
      }
    }
    return '';
  } finally {
    client.close();
  }
}
