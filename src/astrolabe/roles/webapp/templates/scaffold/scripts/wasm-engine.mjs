// Prisma's schema engine as WebAssembly, from npm: what `schema-engine.mjs` answers with, and what compares schemas
// where no database is needed and no Prisma command has to start.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const api = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', 'api');
const require = createRequire(path.join(api, 'package.json'));

/** Imports a package as the API does. */
export const load = (name) => import(pathToFileURL(require.resolve(name)).href);

let glue = null;

async function compiled() {
  globalThis.PRISMA_WASM_PANIC_REGISTRY = {
    message: '',
    set_message(message) {
      this.message = message;
      process.stderr.write(`${message}\n`);
    },
  };
  const folder = path.dirname(require.resolve('@prisma/schema-engine-wasm'));
  const found = await import(pathToFileURL(path.join(folder, 'schema_engine_bg.js')).href);
  const wasm = readFileSync(path.join(folder, 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': found });
  found.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return found;
}

/** Starts an engine for schemas (pairs of path and text; none if the call brings them) and a driver adapter. */
export async function startEngine(schemas, adapter) {
  const { bindMigrationAwareSqlAdapterFactory } = await load('@prisma/driver-adapter-utils');
  glue ??= compiled();
  const { SchemaEngine } = await glue;
  return SchemaEngine.new(
    { datamodels: schemas.length > 0 ? schemas : undefined },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(adapter),
  );
}

/** A database that is never asked for data: enough to compare two schemas. */
function disconnectedAdapter(provider) {
  const never = () => Promise.reject(new Error('This command needs a database.'));
  const connection = {
    provider,
    adapterName: 'disconnected',
    executeRaw: () => Promise.resolve(0),
    executeScript: never,
    // All that is asked is the server's version; 7 is the type of a text.
    queryRaw: () =>
      Promise.resolve({ columnNames: ['version'], columnTypes: [7], rows: [['PostgreSQL 17']] }),
    startTransaction: never,
    getConnectionInfo: () => ({ schemaName: 'public', supportsRelationJoins: true }),
    dispose: () => Promise.resolve(),
  };
  const connect = () => Promise.resolve(connection);
  return { adapterName: connection.adapterName, provider, connect, connectToShadowDb: connect };
}

const described = (content) => ({
  tag: 'schemaDatamodel',
  files: [{ path: 'schema.prisma', content }],
  configDir: api,
});

/** The SQL that leads from a schema's text (null: from nothing) to another; empty when there is nothing to do. */
export async function schemaDifference(provider, from, to) {
  const adapter = disconnectedAdapter(provider === 'postgresql' ? 'postgres' : provider);
  const engine = await startEngine([], adapter);
  const { exitCode, stdout } = await engine.diff({
    from: from === null ? { tag: 'empty' } : described(from),
    to: described(to),
    script: true,
    exitCode: true,
    shadowDatabaseUrl: null,
    filters: { externalTables: [], externalEnums: [] },
  });
  // 2: something differs.
  return exitCode === 2 ? stdout : '';
}
