import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import request from 'supertest';
import { env } from '../src/env';
import { createApp } from '../src/app';
import { openapiDocument } from '../src/openapi/document';
import { account, app, nobody } from './support/client';

test('the probes answer', async () => {
  expect((await nobody.get('/healthz')).body).toEqual({ status: 'ok' });
  expect((await nobody.get('/readyz')).status).toBe(200);
});

test('a server that is about to stop is not ready', async () => {
  const stopping = createApp({ accepting: false });
  expect((await request(stopping).get('/readyz')).status).toBe(503);
  expect((await request(stopping).get('/healthz')).status).toBe(200);
});

test('metrics name routes, not addresses', async () => {
  await nobody.get('/healthz');
  await nobody.get('/some/secret/address');
  const answer = await nobody.get('/metrics');
  expect(answer.status).toBe(200);
  expect(answer.text).toContain('http_request_duration_seconds_count');
  expect(answer.text).toContain('route="/healthz"');
  expect(answer.text).not.toContain('secret');
});

test('every operation of the OpenAPI document has its own id', async () => {
  const answer = await nobody.get('/api/openapi.json');
  expect(answer.body).toMatchObject({ openapi: '3.1.0' });
  const ids = Object.values(openapiDocument.paths).flatMap((methods) =>
    Object.values(methods).map((operation) => operation.operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
});

test('the documentation shows every operation and loads nothing from elsewhere', async () => {
  const { text } = await nobody.get('/api/docs');
  for (const methods of Object.values(openapiDocument.paths)) {
    for (const { operationId } of Object.values(methods))
      expect(text).toContain(`id="${operationId}"`);
  }
  expect(text).not.toMatch(/(src|href)="https?:/);
  expect((await nobody.get('/api/docs.css')).type).toBe('text/css');
});

test('unknown addresses are problems with a type of their own', async () => {
  const answer = await nobody.get('/api/no-such-thing');
  expect(answer.status).toBe(404);
  expect(answer.type).toBe('application/problem+json');
  expect(JSON.parse(answer.text)).toMatchObject({ status: 404, code: 'not_found' });
});

test.each([
  ['PUT', '/api/me', 'GET, PATCH, HEAD, OPTIONS'],
  ['DELETE', '/api/users/somebody', 'PATCH, OPTIONS'],
  ['GET', '/api/auth/login/', 'POST, OPTIONS'],
])('%s %s is refused with the methods there are', async (method, path, allow) => {
  const answer = await request(app)[method.toLowerCase() as 'put'](path);
  expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
  expect(answer.type).toBe('application/problem+json');
});

test('a NUL, which not every database takes, is refused before it gets there', async () => {
  const admin = await account('admin');
  expect((await admin.get('/api/users?q=%00')).status).toBe(400);
  expect((await admin.patch('/api/users/%00', { role: 'user' })).status).toBe(404);
});

test('broken and oversized bodies are refused', async () => {
  const send = (body: string) =>
    request(app).post('/api/auth/login').set('content-type', 'application/json').send(body);
  expect((await send('{"email":')).status).toBe(400);
  expect((await send(JSON.stringify({ email: 'x'.repeat(300_000) }))).status).toBe(413);
});

test('answers carry security headers and the id of their request', async () => {
  const answer = await request(app).get('/healthz').set('x-request-id', 'a-request-1');
  expect(answer.headers['x-request-id']).toBe('a-request-1');
  expect(answer.headers['content-security-policy']).toContain("default-src 'self'");
  expect(answer.headers['x-content-type-options']).toBe('nosniff');
  expect(answer.headers).not.toHaveProperty('x-powered-by');
  const forged = await request(app).get('/healthz').set('x-request-id', 'no <b>markup</b>');
  expect(forged.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
});

test('only listed origins may use the API from a browser', async () => {
  const from = (origin: string) => request(app).get('/healthz').set('origin', origin);
  const listed = await from('https://client.example');
  expect(listed.headers['access-control-allow-origin']).toBe('https://client.example');
  const other = await from('https://evil.example');
  expect(other.headers).not.toHaveProperty('access-control-allow-origin');
});

describe('with a built web client', () => {
  beforeAll(() => {
    mkdirSync(path.join(env.WEB_DIST, 'assets'), { recursive: true });
    writeFileSync(path.join(env.WEB_DIST, 'index.html'), '<!doctype html><title>Web</title>');
    writeFileSync(path.join(env.WEB_DIST, 'assets', 'main.js'), 'export {};');
  });
  afterAll(() => rmSync(env.WEB_DIST, { recursive: true }));

  test('its page answers every address that is not the API', async () => {
    const web = createApp();
    expect((await request(web).get('/any/page')).text).toContain('<title>Web</title>');
    expect((await request(web).get('/api/any')).type).toBe('application/problem+json');
    const asset = await request(web).get('/assets/main.js');
    expect(asset.headers['cache-control']).toContain('immutable');
    expect((await request(web).get('/assets/gone.js')).status).toBe(404);
  });
});
