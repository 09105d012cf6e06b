import { expect, test } from 'vitest';
import { ApiError, request } from '../src/api/http';
import { session } from '../src/api/session';
import { signInAs } from './open';
import { problem, serve } from './server';

const fresh = {
  body: {
    accessToken: 'token-2',
    user: { id: 'user-1', email: 'ada@example.org', name: 'Ada', role: 'user' },
  },
};

test('requests carry the access token, and only what the query really says', async () => {
  signInAs({});
  const sent = serve({ 'GET /things': { body: { fine: true } } });
  const answer = await request('GET', '/things', {
    query: { page: 2, q: '', gone: undefined, flag: false },
  });
  expect(answer).toEqual({ fine: true });
  expect(sent[0]?.authorization).toBe('Bearer token-1');
  expect(sent[0]?.query.toString()).toBe('page=2&flag=false');
});

test('an expired token is renewed once for all requests that wait for it', async () => {
  signInAs({});
  const sent = serve({
    'POST /auth/refresh': fresh,
    'GET /things': ({ authorization }) =>
      authorization === 'Bearer token-2' ? { body: [] } : problem(401, 'Expired'),
  });
  await Promise.all([request('GET', '/things'), request('GET', '/things')]);
  expect(sent.filter(({ path }) => path === '/auth/refresh')).toHaveLength(1);
});

test('when the session is over, the visitor is a guest', async () => {
  signInAs({});
  serve({
    'POST /auth/refresh': problem(401, 'Over'),
    'GET /things': problem(401, 'Expired'),
  });
  await expect(request('GET', '/things')).rejects.toThrow('Expired');
  expect(session.get().status).toBe('guest');
});

test('a server in trouble does not end the session', async () => {
  signInAs({});
  serve({
    'POST /auth/refresh': problem(503, 'Busy'),
    'GET /things': problem(401, 'Expired'),
  });
  await expect(request('GET', '/things')).rejects.toThrow('Busy');
  expect(session.get().status).toBe('signed-in');
});

test('a problem document becomes an error with its fields', async () => {
  serve({ 'POST /things': problem(400, 'Not valid', [{ path: 'title', message: 'Too long' }]) });
  const error: unknown = await request('POST', '/things', { body: {} }).catch(
    (each: unknown) => each,
  );
  expect(error).toBeInstanceOf(ApiError);
  expect((error as ApiError).fields.get('title')).toBe('Too long');
  expect((error as ApiError).status).toBe(400);
});

test('another tab that signs out or in is noticed', () => {
  signInAs({});
  window.dispatchEvent(new StorageEvent('storage', { key: 'signed-in', newValue: null }));
  expect(session.get().status).toBe('guest');
  window.dispatchEvent(new StorageEvent('storage', { key: 'signed-in', newValue: 'user-2' }));
  expect(session.get().status).toBe('unknown');
});
