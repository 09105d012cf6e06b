import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { z } from 'zod';

/** The folder `api/`: the parent of both `src/` and `dist/`. */
export const apiFolder = path.resolve(__dirname, '..');

const EXAMPLE_SECRET = 'change-me';
const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
const whole = (standard: number, minimum = 0) =>
  z.coerce.number().int().min(minimum).default(standard);

const schema = z
  .object({
    NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
    HOST: z.string().default('0.0.0.0'),
    PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
    DATABASE_URL: z
      .string()
      .regex(/^(file:|postgres(ql)?:\/\/)/, 'must begin with file: or postgresql://')
      .default('file:./dev.db'),
    JWT_SECRET: z.string().min(32, 'needs at least 32 characters').optional(),
    ACCESS_TOKEN_MINUTES: whole(15, 1),
    REFRESH_TOKEN_DAYS: whole(30, 1),
    REFRESH_LEEWAY_SECONDS: whole(10),
    APP_URL: z.url().default('http://localhost:5173'),
    CORS_ORIGINS: z
      .string()
      .default('http://localhost:5173')
      .transform((value) =>
        value
          .split(',')
          .map((origin) => origin.trim())
          .filter(Boolean),
      ),
    COOKIE_SECURE: flag.optional(),
    RATE_LIMIT_PER_MINUTE: whole(600),
    AUTH_RATE_LIMIT_PER_MINUTE: whole(20),
    BODY_LIMIT: z
      .string()
      .regex(/^\d+(kb|mb)$/, 'is a size such as 200kb')
      .default('200kb'),
    TRUST_PROXY: whole(0),
    LOG_LEVEL: z
      .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
      .default('info'),
    METRICS_TOKEN: z.string().min(16, 'needs at least 16 characters').optional(),
    MAIL_WEBHOOK_URL: z.url().optional(),
    SHUTDOWN_SECONDS: whole(10, 1),
    WEB_DIST: z.string().default(path.resolve(apiFolder, '../web/dist')),
  })
  .superRefine((values, context) => {
    if (values.NODE_ENV !== 'production') return;
    if (!values.JWT_SECRET || values.JWT_SECRET.startsWith(EXAMPLE_SECRET)) {
      const message = 'is required in production: set 32 or more random characters';
      context.addIssue({ code: 'custom', path: ['JWT_SECRET'], message });
    }
  })
  .transform((values) => ({
    ...values,
    JWT_SECRET: values.JWT_SECRET ?? randomBytes(32).toString('hex'),
    COOKIE_SECURE: values.COOKIE_SECURE ?? values.NODE_ENV === 'production',
  }));

export type Env = z.infer<typeof schema>;

export class EnvironmentError extends Error {}

/** Reads settings from variables; empty ones count as not set. Throws an EnvironmentError that names every fault. */
export function readEnv(variables: NodeJS.ProcessEnv): Env {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `  ${issue.path.join('.')} ${issue.message}`);
  throw new EnvironmentError(`The environment is not complete:\n${faults.join('\n')}`);
}

function loadFile(file: string): void {
  try {
    process.loadEnvFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function load(): Env {
  if (process.env.NODE_ENV !== 'test') loadFile(path.resolve(apiFolder, '../.env'));
  try {
    return readEnv(process.env);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    console.error(error.message);
    process.exit(78);
  }
}

export const env = load();
