// Runs a Prisma command for the API: `node scripts/prisma.mjs migrate deploy`.
//
// Prisma downloads a native schema engine on first use. Where that engine is not there and the command does not need
// it, the engine's WebAssembly build from npm (scripts/schema-engine.mjs) answers instead, so nothing is downloaded.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const api = path.join(root, 'api');
const require = createRequire(path.join(api, 'package.json'));

const STAND_IN_COMMANDS = [
  'generate',
  'validate',
  'format',
  'version',
  'db push',
  'db execute',
  'migrate deploy',
  'migrate diff',
  'migrate resolve',
  'migrate status',
];

function nativeEngineInstalled() {
  const engines = path.dirname(require.resolve('@prisma/engines/package.json'));
  return readdirSync(engines).some((name) => name.startsWith('schema-engine-'));
}

/** The environment Prisma runs in: quiet, and with the stand-in where it is enough. */
export function prismaEnvironment(command) {
  const environment = {
    CHECKPOINT_DISABLE: '1',
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    ...process.env,
  };
  const known = STAND_IN_COMMANDS.some((name) => `${command.join(' ')} `.startsWith(`${name} `));
  if (!environment.PRISMA_SCHEMA_ENGINE_BINARY && known && !nativeEngineInstalled()) {
    environment.PRISMA_SCHEMA_ENGINE_BINARY = path.join(root, 'scripts', 'schema-engine.mjs');
  }
  return environment;
}

/** Runs Prisma in `api/`; returns its exit code and, with `capture`, its output. */
export function prisma(command, { capture = false, environment = {} } = {}) {
  const cli = path.join(path.dirname(require.resolve('prisma/package.json')), 'build', 'index.js');
  if (!existsSync(cli)) throw new Error('Prisma is not installed: run `npm ci` first.');
  const done = spawnSync(process.execPath, [cli, ...command], {
    cwd: api,
    env: { ...prismaEnvironment(command), ...environment },
    encoding: 'utf8',
    stdio: capture ? ['ignore', 'pipe', 'pipe'] : 'inherit',
  });
  if (done.error) throw done.error;
  return { code: done.status ?? 1, output: done.stdout ?? '', errors: done.stderr ?? '' };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = prisma(process.argv.slice(2)).code;
}
