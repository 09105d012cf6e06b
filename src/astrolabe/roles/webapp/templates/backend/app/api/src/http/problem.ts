import type { ErrorRequestHandler } from 'express';
import { z } from 'zod';
import { Prisma } from '../generated/prisma/client';

export interface FieldProblem {
  path: string;
  message: string;
}

const TITLES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** The body of every error (RFC 9457). */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

/** An error that a client caused, or has to wait for. `code` is stable; programs may rely on it. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly errors?: FieldProblem[],
  ) {
    super(detail);
  }

  body() {
    const title = TITLES[this.status] ?? 'Error';
    const { status, code, errors } = this;
    return { type: 'about:blank', title, status, detail: this.message, code, errors };
  }
}

export const notFound = (what = 'page') =>
  new Problem(404, 'not_found', `There is no such ${what}.`);

export const unauthenticated = () => new Problem(401, 'unauthenticated', 'Sign in first.');

export const forbidden = () => new Problem(403, 'forbidden', 'Your account may not do this.');

export const invalid = (errors: FieldProblem[]) =>
  new Problem(400, 'validation_failed', 'Some values are not valid.', errors);

export const danglingLinks = (errors: FieldProblem[]) =>
  new Problem(409, 'no_such_row', 'Something this refers to does not exist.', errors);

function fromZod(error: z.ZodError): Problem {
  return invalid(
    error.issues.flatMap((issue) => {
      const path = issue.path.map(String);
      if (issue.code !== 'unrecognized_keys') {
        return [{ path: path.join('.'), message: issue.message }];
      }
      return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'Unknown key' }));
    }),
  );
}

/** The columns of a broken unique constraint: SQLite lists them, PostgreSQL names its index, `Tag_ownerId_name_key`. */
function uniqueColumns(error: Prisma.PrismaClientKnownRequestError): string[] {
  const text = JSON.stringify(error.meta ?? {});
  const index = /"index":"(\w+)_key"/.exec(text)?.[1];
  if (index) return index.split('_').slice(1);
  const listed = /"(?:fields|target)":\[([^\]]*)\]/.exec(text)?.[1] ?? '';
  return [...listed.matchAll(/"\\?"?(\w+)\\?"?"/g)].map((found) => found[1] ?? '');
}

function fromPrisma(error: Prisma.PrismaClientKnownRequestError): Problem | null {
  switch (error.code) {
    case 'P2002': {
      const columns = uniqueColumns(error).filter((column) => column !== 'ownerId');
      const errors = columns.map((path) => ({ path, message: 'This value is already taken.' }));
      return new Problem(409, 'already_exists', 'There already is one with this value.', errors);
    }
    case 'P2003':
    case 'P2014':
      return new Problem(409, 'in_use', 'Something else still refers to this.');
    case 'P2025':
      return notFound('row');
    case 'P1008':
    case 'P2024':
    case 'P2028':
    case 'P2034':
      return new Problem(503, 'busy', 'The database is busy. Try again.');
    default:
      return null;
  }
}

function fromExpress(error: {
  status?: unknown;
  type?: unknown;
  message?: unknown;
}): Problem | null {
  const { status } = error;
  if (typeof status !== 'number' || status < 400 || status >= 500) return null;
  const code = typeof error.type === 'string' ? error.type.replaceAll('.', '_') : 'bad_request';
  return new Problem(status, code, String(error.message));
}

const unexpected = (requestId: string) =>
  new Problem(500, 'internal_error', `Something went wrong. The log knows it as ${requestId}.`);

/** Turns whatever was thrown into a problem; null when it is a fault of ours. */
export function asProblem(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  if (error instanceof z.ZodError) return fromZod(error);
  if (error instanceof Prisma.PrismaClientKnownRequestError) return fromPrisma(error);
  if (error instanceof Error) return fromExpress(error);
  return null;
}

export const problemHandler: ErrorRequestHandler = (error: unknown, req, res, next) => {
  if (res.headersSent) {
    next(error);
    return;
  }
  const known = asProblem(error);
  if (!known) req.log.error({ err: error }, 'unexpected error');
  const problem = known ?? unexpected(typeof req.id === 'string' ? req.id : 'unknown');
  if (problem.status === 401) res.setHeader('WWW-Authenticate', 'Bearer');
  if (problem.status === 503) res.setHeader('Retry-After', '1');
  res.status(problem.status).type('application/problem+json').send(JSON.stringify(problem.body()));
};
