// Starts the built application on a free port, with a fresh SQLite database in a temporary folder.
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const execute = promisify(execFile);
const START_SECONDS = 60;
const STOP_SECONDS = 20;

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

export async function startApplication() {
  for (const built of ['api/dist/server.js', 'web/dist/index.html']) {
    if (!existsSync(path.join(root, built)))
      throw new Error(`${built} is missing: run "npm run build" first.`);
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'e2e-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const environment = {
    ...process.env,
    NODE_ENV: 'production',
    DATABASE_URL: `file:${path.join(folder, 'e2e.db')}`,
    HOST: '127.0.0.1',
    PORT: String(port),
    APP_URL: url,
    CORS_ORIGINS: url,
    JWT_SECRET: randomBytes(32).toString('hex'),
    COOKIE_SECURE: 'false',
    RATE_LIMIT_PER_MINUTE: '0',
    AUTH_RATE_LIMIT_PER_MINUTE: '0',
    LOG_LEVEL: 'warn',
    WEB_DIST: path.join(root, 'web/dist'),
  };
  // Never blocking: a connection the server closes meanwhile would be used once more.
  const node = (...args) => execute(process.execPath, args, { cwd: root, env: environment });
  const discard = () => rmSync(folder, { recursive: true, force: true });
  let server;
  try {
    await node('scripts/prisma.mjs', 'migrate', 'deploy');
    server = await started(environment, url);
  } catch (error) {
    discard();
    throw error;
  }
  return {
    url,
    /** The end of what the server wrote to its log. */
    log: () => server.output.slice(-4000),
    /** The script an operator uses to make the first administrator. */
    makeAdmin: (email) => node('api/dist/admin.js', email),
    async stop() {
      try {
        await stopped(server);
      } finally {
        discard();
      }
    },
  };
}

async function started(environment, url) {
  const child = spawn(process.execPath, ['api/dist/server.js'], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const server = { child, output: '' };
  const keep = (chunk) => {
    server.output = (server.output + chunk).slice(-20_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const deadline = Date.now() + START_SECONDS * 1000;
  while (Date.now() < deadline && child.exitCode === null) {
    if (await answers(`${url}/readyz`)) return server;
    await pause(100);
  }
  child.kill('SIGKILL');
  throw new Error(`The application did not start within ${START_SECONDS} s:\n${server.output}`);
}

async function answers(url) {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false; // nobody listens yet
  }
}

async function stopped({ child, output }) {
  if (child.exitCode !== null) throw new Error(`The application ended by itself:\n${output}`);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const late = pause(STOP_SECONDS * 1000, 'late', { ref: false });
  const code = await Promise.race([ended, late]);
  if (code === 'late') child.kill('SIGKILL');
  if (code !== 0)
    throw new Error(`On SIGTERM the application ended with ${code} instead of 0:\n${output}`);
}
