import { request } from './http';
import type { ListQuery, Page } from './resource';
import type { User } from './session';

export type Account = User & { createdAt: string };

export const listUsers = (query: ListQuery, signal?: AbortSignal) =>
  request<Page<Account>>('GET', '/users', { query, signal });

export const changeRole = (id: string, role: string) =>
  request<Account>('PATCH', `/users/${encodeURIComponent(id)}`, { body: { role } });
