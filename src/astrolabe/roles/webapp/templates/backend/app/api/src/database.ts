import path from 'node:path';
import { PrismaLibSql } from '@prisma/adapter-libsql';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient, type Prisma } from './generated/prisma/client';
import { apiFolder, env } from './env';

/** What reads and writes within one transaction. */
export type Transaction = Prisma.TransactionClient;

export const isPostgres = /^postgres(ql)?:/.test(env.DATABASE_URL);

const BUSY_MILLISECONDS = 5000;

function sqliteUrl(): string {
  return `file:${path.resolve(apiFolder, env.DATABASE_URL.replace(/^file:/, ''))}`;
}

function adapter() {
  if (isPostgres) {
    const schema = new URL(env.DATABASE_URL).searchParams.get('schema') ?? undefined;
    return new PrismaPg({ connectionString: env.DATABASE_URL }, { schema });
  }
  return new PrismaLibSql({ url: sqliteUrl(), timeout: BUSY_MILLISECONDS });
}

export const prisma = new PrismaClient({ adapter: adapter() });

/** Tells whether the database answers. */
export async function databaseAnswers(): Promise<boolean> {
  try {
    await prisma.$queryRaw`SELECT 1`;
    return true;
  } catch {
    return false;
  }
}
