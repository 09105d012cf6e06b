import { session, type Credentials } from './session';

/** A request the API refused, as its problem document says. `fields` maps an input's name to what is wrong with it. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: ReadonlyMap<string, string>;

  constructor(status: number, code: string, message: string, fields = new Map<string, string>()) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

export type QueryValue = string | number | boolean | null | undefined;

export interface RequestOptions {
  body?: unknown;
  query?: Readonly<Record<string, QueryValue>>;
  signal?: AbortSignal;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

interface Problem {
  title?: string;
  detail?: string;
  code?: string;
  errors?: { path: string; message: string }[];
}

/** Send a request as whoever is signed in; an expired access token is renewed once, unnoticed. */
export async function request<T>(method: Method, path: string, options: RequestOptions = {}) {
  const response = await send(method, path, options);
  if (response.status === 401 && mayRefresh(path) && (await refreshSession())) {
    return read<T>(await send(method, path, options));
  }
  return read<T>(response);
}

let refreshing: Promise<boolean> | null = null;

/** Exchange the refresh cookie for a new access token; false when there is no session any more. */
export function refreshSession(): Promise<boolean> {
  refreshing ??= alone(refresh).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

async function refresh(): Promise<boolean> {
  const response = await send('POST', '/auth/refresh', {});
  if (response.status === 401 || response.status === 403) {
    session.end();
    return false;
  }
  session.start(await read<Credentials>(response));
  return true;
}

/** A refresh token works once, so tabs that share the cookie must take turns. */
function alone<T>(task: () => Promise<T>): Promise<T> {
  // Missing outside secure contexts, whatever the type says.
  const locks = navigator.locks as LockManager | undefined;
  return locks ? locks.request('session-refresh', task) : task();
}

function mayRefresh(path: string) {
  return session.get().status !== 'guest' && !path.startsWith('/auth/');
}

async function send(method: Method, path: string, { body, query, signal }: RequestOptions) {
  const headers = new Headers({ Accept: 'application/json' });
  const current = session.get();
  if (body !== undefined) headers.set('Content-Type', 'application/json');
  if (current.status === 'signed-in') headers.set('Authorization', `Bearer ${current.accessToken}`);
  try {
    return await fetch(`/api${path}${search(query)}`, {
      method,
      headers,
      signal,
      credentials: 'same-origin',
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'unreachable', 'The server cannot be reached. Check your connection.');
  }
}

function search(query: RequestOptions['query'] = {}) {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') params.set(key, String(value));
  }
  const text = params.toString();
  return text && `?${text}`;
}

async function read<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T;
  const isJson = /\bjson\b/.test(response.headers.get('Content-Type') ?? '');
  const data: unknown = isJson ? await response.json() : null;
  if (response.ok && isJson) return data as T;
  throw problem(response, data ?? {});
}

function problem(response: Response, { title, detail, code, errors = [] }: Problem) {
  const fields = new Map(errors.map(({ path, message }) => [path, message]));
  const text = detail ?? title ?? `The server answered with status ${response.status}.`;
  return new ApiError(response.status, code ?? 'unknown', text, fields);
}
