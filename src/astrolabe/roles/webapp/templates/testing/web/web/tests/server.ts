import { vi } from 'vitest';

export interface Sent {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
  authorization: string | null;
}

export interface Answer {
  status?: number;
  body?: unknown;
}

export type Handler = (sent: Sent) => Answer;

/** What nobody asked to be answered otherwise: empty lists. */
const EMPTY: Answer = { body: { items: [], page: 1, pageSize: 20, total: 0 } };

/**
 * Stand in for the API: `handlers` answer by `METHOD /path` (below `/api`), everything else is an empty list. Returns
 * what was sent, in order.
 */
export function serve(handlers: Readonly<Record<string, Handler | Answer>>): Sent[] {
  const log: Sent[] = [];
  const known = new Map(Object.entries(handlers));
  vi.stubGlobal('fetch', (input: string, init: RequestInit = {}) => {
    const url = new URL(input, 'http://localhost');
    const sent: Sent = {
      method: init.method ?? 'GET',
      path: url.pathname.replace(/^\/api/, ''),
      query: url.searchParams,
      body: typeof init.body === 'string' ? (JSON.parse(init.body) as unknown) : undefined,
      authorization: new Headers(init.headers).get('Authorization'),
    };
    log.push(sent);
    const handler = known.get(`${sent.method} ${sent.path}`) ?? EMPTY;
    const { status = 200, body } = typeof handler === 'function' ? handler(sent) : handler;
    return Promise.resolve(respond(status, body));
  });
  return log;
}

function respond(status: number, body: unknown) {
  if (status === 204) return new Response(null, { status });
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': type } });
}

/** A refusal in the form of the API's. */
export function problem(
  status: number,
  detail: string,
  errors: { path: string; message: string }[] = [],
): Answer {
  return {
    status,
    body: { type: 'about:blank', title: 'Refused', status, detail, code: 'refused', errors },
  };
}
