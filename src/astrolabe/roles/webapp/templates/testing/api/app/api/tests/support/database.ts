// Runs in every test file: an empty database with all migrations applied, gone at the end.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { PrismaLibSql } from '@prisma/adapter-libsql';
import { PrismaPg } from '@prisma/adapter-pg';
import { isPostgres, prisma } from '../../src/database';
import { apiFolder, env } from '../../src/env';

const schema = isPostgres ? new URL(env.DATABASE_URL).searchParams.get('schema') : null;

async function connect() {
  if (isPostgres) return new PrismaPg({ connectionString: env.DATABASE_URL }).connect();
  return new PrismaLibSql({ url: env.DATABASE_URL }).connect();
}

async function run(scripts: string[]): Promise<void> {
  const connection = await connect();
  try {
    for (const script of scripts) await connection.executeScript(script);
  } finally {
    await connection.dispose();
  }
}

function migrations(): string[] {
  const folder = path.join(apiFolder, 'prisma', isPostgres ? 'postgresql' : 'sqlite', 'migrations');
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => readFileSync(path.join(folder, name, 'migration.sql'), 'utf8'));
}

function removeFile(): void {
  const file = env.DATABASE_URL.replace(/^file:/, '');
  for (const ending of ['', '-journal', '-shm', '-wal'])
    rmSync(`${file}${ending}`, { force: true });
}

beforeAll(async () => {
  if (!schema) {
    removeFile();
    await run(migrations());
    return;
  }
  const fresh = `DROP SCHEMA IF EXISTS "${schema}" CASCADE; CREATE SCHEMA "${schema}";`;
  await run([fresh, ...migrations().map((script) => `SET search_path TO "${schema}"; ${script}`)]);
});

afterAll(async () => {
  await prisma.$disconnect();
  if (schema) await run([`DROP SCHEMA "${schema}" CASCADE;`]);
  else removeFile();
});
