import { request } from './http';

/** What every row has besides the fields of its entity. */
export interface Row {
  id: string;
  createdAt: string;
  updatedAt: string;
  ownerId?: string | null;
}

/** Another row, as far as it is shown where it is referred to. */
export interface Reference {
  id: string;
  label: string;
}

export interface Page<T> {
  items: T[];
  page: number;
  pageSize: number;
  total: number;
}

/** `sort` is a field name, with `-` in front for descending; other keys filter. */
export type ListQuery = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Resource<T extends Row, Input> {
  list: (query: ListQuery, signal?: AbortSignal) => Promise<Page<T>>;
  options: (q: string, signal?: AbortSignal) => Promise<Reference[]>;
  get: (id: string, signal?: AbortSignal) => Promise<T>;
  create: (input: Input) => Promise<T>;
  update: (id: string, input: Partial<Input>) => Promise<T>;
  remove: (id: string) => Promise<void>;
}

/** The client of one entity's routes below `/api`. */
export function resource<T extends Row, Input>(path: string): Resource<T, Input> {
  const one = (id: string) => `${path}/${encodeURIComponent(id)}`;
  return {
    list: (query, signal) => request<Page<T>>('GET', path, { query, signal }),
    options: async (q, signal) => {
      const answer = await request<{ items: Reference[] }>('GET', `${path}/options`, {
        query: { q },
        signal,
      });
      return answer.items;
    },
    get: (id, signal) => request<T>('GET', one(id), { signal }),
    create: (body) => request<T>('POST', path, { body }),
    update: (id, body) => request<T>('PATCH', one(id), { body }),
    remove: (id) => request<undefined>('DELETE', one(id)),
  };
}
