import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from './app';
import { removeExpired } from './auth/sessions';
import { prisma } from './database';
import { env } from './env';
import { logger } from './logger';

const HOUR = 60 * 60 * 1000;

const readiness = { accepting: true };
const server = createServer(createApp(readiness));

function cleanUp(): void {
  removeExpired().catch((error: unknown) => {
    logger.warn({ err: error }, 'expired sessions could not be removed');
  });
}
const cleaning = setInterval(cleanUp, HOUR);

/** Answers what has begun, takes nothing new, and ends. */
function stop(signal: string): void {
  if (!readiness.accepting) return;
  readiness.accepting = false;
  logger.info({ signal }, 'stopping');
  clearInterval(cleaning);
  setTimeout(() => {
    logger.error('requests did not end in time');
    process.exit(1);
  }, env.SHUTDOWN_SECONDS * 1000).unref();
  server.close(() => {
    prisma.$disconnect().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
  server.closeIdleConnections();
}

process.on('SIGINT', stop);
process.on('SIGTERM', stop);

async function start(): Promise<void> {
  await prisma.$queryRaw`SELECT 1`;
  server.listen(env.PORT, env.HOST, () => {
    const { port } = server.address() as AddressInfo;
    logger.info({ port }, `listening on http://${env.HOST}:${port}`);
  });
  cleanUp();
}

server.on('error', (error) => {
  logger.fatal({ err: error }, 'cannot listen');
  process.exit(1);
});

start().catch((error: unknown) => {
  logger.fatal(
    { err: error },
    'cannot reach the database: check DATABASE_URL, then npm run db:deploy',
  );
  process.exit(1);
});
