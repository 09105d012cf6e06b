#!/usr/bin/env node
// Prisma's schema engine without the native binary: speaks the same JSON-RPC over standard input and output, and
// answers with the engine's WebAssembly build and the driver adapters the application uses anyway. It cannot make
// shadow databases, so `migrate dev` and `migrate reset` still need the native engine.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { api, load, startEngine } from './wasm-engine.mjs';

const FAILED = 4466;
// adapter-pg does not know the catalogue's one-byte "char" type and its array: read them as text and text[].
const CATALOGUE_TYPES = new Map([
  [18, 1042],
  [1002, 1014],
]);

function readArguments(given) {
  const found = { datamodels: [], datasource: {}, command: null };
  for (let index = 0; index < given.length; index += 1) {
    const name = given[index];
    if (name === 'cli') found.command = given[(index += 1)];
    else if (name === '--datamodels') found.datamodels.push(given[(index += 1)]);
    else if (name === '--datasource') found.datasource = JSON.parse(given[(index += 1)]);
    else if (name.startsWith('--')) index += 1;
  }
  return found;
}

const options = readArguments(process.argv.slice(2));
const url = options.datasource.url ?? process.env.DATABASE_URL ?? 'file:./dev.db';
const isPostgres = /^postgres(ql)?:/.test(url);

function sqliteFile() {
  return path.resolve(api, url.replace(/^file:/, '').replace(/\?.*$/, ''));
}

function postgresParts() {
  const parsed = new URL(url);
  return {
    host: parsed.searchParams.get('host') ?? parsed.hostname,
    port: Number(parsed.port || 5432),
    user: decodeURIComponent(parsed.username) || undefined,
    password: decodeURIComponent(parsed.password) || undefined,
    database: decodeURIComponent(parsed.pathname.slice(1)),
    schema: parsed.searchParams.get('schema') ?? undefined,
  };
}

async function postgresClient(database) {
  const { default: pg } = await load('pg');
  const { schema: _schema, ...parts } = postgresParts();
  return new pg.Client({ ...parts, ...(database && { database }) });
}

function readCatalogueTypes(result) {
  for (const field of result?.fields ?? []) {
    field.dataTypeID = CATALOGUE_TYPES.get(field.dataTypeID) ?? field.dataTypeID;
  }
  return result;
}

async function postgresAdapter() {
  const { default: pg } = await load('pg');
  const query = pg.Client.prototype.query;
  pg.Client.prototype.query = function patched(...given) {
    const last = given.at(-1);
    if (typeof last === 'function') {
      given[given.length - 1] = (error, result) => last(error, readCatalogueTypes(result));
    }
    const answer = query.apply(this, given);
    return typeof answer?.then === 'function' ? answer.then(readCatalogueTypes) : answer;
  };
  const { PrismaPg } = await load('@prisma/adapter-pg');
  // Given in parts: a connection string would win over the database the adapter asks for.
  const { schema, ...parts } = postgresParts();
  return new PrismaPg(parts, { schema });
}

async function adapter() {
  if (isPostgres) return postgresAdapter();
  const { PrismaLibSql } = await load('@prisma/adapter-libsql');
  return new PrismaLibSql({ url: `file:${sqliteFile()}` });
}

async function loadEngine() {
  const schemas = options.datamodels.map((file) => [file, readFileSync(file, 'utf8')]);
  return startEngine(schemas, await adapter());
}

async function databaseExists() {
  if (!isPostgres) return existsSync(sqliteFile());
  const client = await postgresClient();
  try {
    await client.connect();
    return true;
  } catch (error) {
    // 3D000: the server answers, but has no database of that name.
    if (error?.code === '3D000') return false;
    throw error;
  } finally {
    await client.end();
  }
}

async function createDatabase() {
  if (!isPostgres) {
    if (!existsSync(sqliteFile())) writeFileSync(sqliteFile(), '');
    return path.basename(sqliteFile());
  }
  const { database } = postgresParts();
  const client = await postgresClient('postgres');
  await client.connect();
  try {
    await client.query(`CREATE DATABASE "${database.replaceAll('"', '""')}"`);
  } finally {
    await client.end();
  }
  return database;
}

function reportError(message, code) {
  const fields = { message, error_code: code };
  process.stderr.write(
    `\n${JSON.stringify({ level: 'ERROR', target: 'schema_engine::logger', fields })}\n`,
  );
  return 1;
}

async function runCommand(command) {
  try {
    if (command === 'create-database') await createDatabase();
    else if (command === 'can-connect-to-database' && !(await databaseExists())) {
      return reportError('The database does not exist', 'P1003');
    }
    return 0;
  } catch (error) {
    return reportError(String(error?.message ?? error), 'P1001');
  }
}

const send = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const METHODS = new Map([
  ['getDatabaseVersion', 'version'],
  ['migrateDiff', 'diff'],
]);

let engine = null;
let printed = 0;

async function answer(method, params) {
  if (method === 'createDatabase') return { databaseName: await createDatabase() };
  engine ??= loadEngine();
  const ready = await engine;
  const name = METHODS.get(method) ?? method;
  if (typeof ready[name] !== 'function') {
    throw new Error(`${method} needs Prisma's native schema engine, which is not installed.`);
  }
  let result;
  try {
    result = await ready[name](params);
  } catch (error) {
    // The native engine takes a database without a history for one without migrations; this build fails. Applying
    // no migration at all makes the history.
    if (!/_prisma_migrations/.test(error?.message ?? '') || !params?.migrationsList) throw error;
    const none = { ...params.migrationsList, migrationDirectories: [] };
    await ready.applyMigrations({ migrationsList: none, filters: params.filters });
    result = await ready[name](params);
  }
  if (method === 'diff' && result?.stdout) {
    printed += 1;
    const params = { content: result.stdout };
    send({ jsonrpc: '2.0', id: 1_000_000 + printed, method: 'print', params });
  }
  return result ?? {};
}

async function reply(request) {
  try {
    send({ jsonrpc: '2.0', id: request.id, result: await answer(request.method, request.params) });
  } catch (error) {
    const data = {
      is_panic: false,
      message: error?.message ?? String(error),
      error_code: error?.code ?? null,
      meta: error?.meta ?? null,
      backtrace: null,
    };
    const message = 'An error happened. Check the data field for details.';
    send({ jsonrpc: '2.0', id: request.id, error: { code: FAILED, message, data } });
  }
}

async function serve() {
  let last = Promise.resolve();
  for await (const line of createInterface({ input: process.stdin })) {
    const request = line.trim() ? JSON.parse(line) : {};
    if (request.method) last = last.then(() => reply(request));
  }
  await last;
}

if (process.argv.includes('--version') || process.argv.includes('-V')) {
  console.log('schema-engine-cli wasm');
} else if (options.command) {
  process.exitCode = await runCommand(options.command);
} else {
  await serve();
  process.exit(0);
}
