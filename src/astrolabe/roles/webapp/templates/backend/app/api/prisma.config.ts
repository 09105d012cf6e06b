import path from 'node:path';
import { defineConfig } from 'prisma/config';

const root = path.resolve(__dirname, '..');
try {
  process.loadEnvFile(path.join(root, '.env'));
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

// An empty variable means the default, as it does for the application.
const url = process.env.DATABASE_URL || 'file:./dev.db';
const isPostgres = /^postgres(ql)?:/.test(url);
const provider = isPostgres ? 'postgresql' : 'sqlite';

export default defineConfig({
  schema: path.join('prisma', provider, 'schema.prisma'),
  migrations: { path: path.join('prisma', provider, 'migrations') },
  datasource: {
    url: isPostgres ? url : `file:${path.resolve(__dirname, url.replace(/^file:/, ''))}`,
  },
});
