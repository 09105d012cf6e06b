import { request } from './http';
import type { ListQuery, Page } from './resource';
import type { User } from './session';

export const listUsers = (query: ListQuery, signal?: AbortSignal) =>
  request<Page<User>>('GET', '/users', { query, signal });

export const changeRole = (id: string, role: string) =>
  request<User>('PATCH', `/users/${encodeURIComponent(id)}`, { body: { role } });
