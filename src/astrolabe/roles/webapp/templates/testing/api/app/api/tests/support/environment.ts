// Runs before every test file: settings of its own, and a database nobody else uses.
import { tmpdir } from 'node:os';
import path from 'node:path';

const name = `test_${process.pid}_${process.env.JEST_WORKER_ID ?? '0'}`;

function databaseUrl(): string {
  const postgres = process.env.TEST_DATABASE_URL;
  if (!postgres) return `file:${path.join(tmpdir(), `${name}.db`)}`;
  const url = new URL(postgres);
  url.searchParams.set('schema', name);
  return url.href;
}

Object.assign(process.env, {
  NODE_ENV: 'test',
  DATABASE_URL: databaseUrl(),
  JWT_SECRET: 'only-for-tests-only-for-tests-only-for-tests',
  LOG_LEVEL: 'silent',
  CORS_ORIGINS: 'https://client.example',
  RATE_LIMIT_PER_MINUTE: '0',
  AUTH_RATE_LIMIT_PER_MINUTE: '0',
  REFRESH_LEEWAY_SECONDS: '0',
  MAIL_WEBHOOK_URL: 'https://mail.example/send',
  WEB_DIST: path.join(tmpdir(), `${name}-no-web-client`),
});
