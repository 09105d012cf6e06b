import request, { type Response } from 'supertest';
import { isPostgres, prisma } from '../src/database';
import { account, app, Client, errorPaths, nobody, PASSWORD } from './support/client';

const person = { email: 'ann@example.org', name: 'Ann', password: PASSWORD };

function cookieOf(answer: Response): string {
  const set = answer.headers['set-cookie'] as unknown as string[] | undefined;
  return set?.find((cookie) => cookie.startsWith('refresh_token=')) ?? '';
}

const send = (path: string, cookie = '') =>
  request(app)
    .post(`/api/auth/${path}`)
    .set('cookie', cookie.split(';')[0] ?? '');

const logIn = (email: string, password: string) =>
  nobody.post('/api/auth/login', { email, password });

test('an account is made once, whatever the case of its address', async () => {
  const first = await nobody.post('/api/auth/register', { ...person, email: 'Ann@Example.org' });
  expect(first.status).toBe(201);
  expect(first.body).toMatchObject({ user: { email: person.email, name: 'Ann', role: 'user' } });
  expect(JSON.stringify(first.body)).not.toContain('scrypt');
  expect(cookieOf(first)).toMatch(/HttpOnly/);
  expect(cookieOf(first)).toMatch(/SameSite=Strict/);
  const again = await nobody.post('/api/auth/register', person);
  expect(again.status).toBe(409);
  expect(errorPaths(again)).toEqual(['email']);
});

test('what is no account is refused, with every fault named', async () => {
  const answer = await nobody.post('/api/auth/register', { email: 'x', name: ' ', password: '1' });
  expect(answer.status).toBe(400);
  expect(errorPaths(answer).sort()).toEqual(['email', 'name', 'password']);
  const admin = await nobody.post('/api/auth/register', { ...person, role: 'admin' });
  expect(errorPaths(admin)).toEqual(['role']);
});

test('the password decides, and a wrong one looks like an unknown account', async () => {
  expect((await logIn(person.email, PASSWORD)).status).toBe(200);
  const wrong = await logIn(person.email, 'not the password');
  const unknown = await logIn('nobody@example.org', 'not the password');
  expect([wrong.status, unknown.status]).toEqual([401, 401]);
  expect(wrong.body).toEqual(unknown.body);
});

test('passwords and session secrets are only kept as hashes', async () => {
  const secret = cookieOf(await logIn(person.email, PASSWORD)).split(/[=;]/)[1];
  const user = await prisma.user.findUniqueOrThrow({
    where: { email: person.email },
    include: { sessions: true },
  });
  expect(secret).toBeTruthy();
  expect(user.passwordHash).toMatch(/^scrypt\$/);
  expect(JSON.stringify(user)).not.toContain(secret);
  expect(JSON.stringify(user)).not.toContain(PASSWORD);
});

test('a refresh secret works once; used again, it ends the session', async () => {
  const first = cookieOf(await logIn(person.email, PASSWORD));
  const second = await send('refresh', first);
  expect(second.status).toBe(200);
  expect(second.body).toHaveProperty('accessToken');
  expect((await send('refresh', first)).status).toBe(401);
  expect((await send('refresh', cookieOf(second))).status).toBe(401);
});

test('logging out ends the session; without one, refreshing is refused', async () => {
  const cookie = cookieOf(await logIn(person.email, PASSWORD));
  expect((await send('logout', cookie)).status).toBe(204);
  expect((await send('refresh', cookie)).status).toBe(401);
  expect((await send('refresh')).status).toBe(401);
  expect((await send('refresh', 'refresh_token=forged')).status).toBe(401);
  expect((await send('logout')).status).toBe(204);
});

test('forged and missing access tokens are refused', async () => {
  expect((await nobody.get('/api/me')).status).toBe(401);
  const forged = await new Client(null, 'e30.e30.e30').get('/api/me');
  expect(forged.status).toBe(401);
  expect(forged.headers['www-authenticate']).toBe('Bearer');
});

test('the token of an account that is gone is refused', async () => {
  const client = await account('user');
  await prisma.user.delete({ where: { id: client.id ?? '' } });
  expect((await client.get('/api/me')).status).toBe(401);
});

describe('a forgotten password', () => {
  const mails: string[] = [];
  beforeEach(() => {
    jest.spyOn(globalThis, 'fetch').mockImplementation((_url, init) => {
      mails.push(typeof init?.body === 'string' ? init.body : '');
      return Promise.resolve(new globalThis.Response());
    });
  });
  afterEach(() => jest.restoreAllMocks());

  async function resetToken(): Promise<string> {
    mails.length = 0;
    expect((await nobody.post('/api/auth/forgot', { email: person.email })).status).toBe(204);
    for (let tries = 0; tries < 200 && mails.length === 0; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return /#token=([\w-]+)/.exec(mails[0] ?? '')?.[1] ?? '';
  }

  test('can be set anew once, which ends every session', async () => {
    const cookie = cookieOf(await logIn(person.email, PASSWORD));
    const token = await resetToken();
    const reset = (password: string) => nobody.post('/api/auth/reset', { token, password });
    expect((await reset('a new password')).status).toBe(204);
    expect((await reset('yet another one')).status).toBe(400);
    expect((await logIn(person.email, PASSWORD)).status).toBe(401);
    expect((await logIn(person.email, 'a new password')).status).toBe(200);
    expect((await send('refresh', cookie)).status).toBe(401);
  });

  test('tells nobody whether there is such an account', async () => {
    const answer = await nobody.post('/api/auth/forgot', { email: 'nobody@example.org' });
    expect(answer.status).toBe(204);
    expect((await nobody.post('/api/auth/reset', { token: 'x', password: PASSWORD })).status).toBe(
      400,
    );
  });
});

describe('the own account', () => {
  test('can be read and changed, but not its role', async () => {
    const client = await account('user');
    const changed = await client.patch('/api/me', { name: 'New name' });
    expect(changed.body).toMatchObject({ id: client.id, name: 'New name', role: 'user' });
    expect((await client.get('/api/me')).body).toEqual(changed.body);
    expect((await client.patch('/api/me', { role: 'admin' })).status).toBe(400);
    expect((await client.patch('/api/me', { email: person.email })).status).toBe(409);
  });

  test('gets a new password only with the old one', async () => {
    const client = await account('user');
    const change = (currentPassword: string) =>
      client.post('/api/me/password', { currentPassword, newPassword: 'another password' });
    expect(errorPaths(await change('wrong password'))).toEqual(['currentPassword']);
    const changed = await change(PASSWORD);
    expect(changed.status).toBe(204);
    expect((await send('refresh', cookieOf(changed))).status).toBe(200);
  });
});

describe('accounts of others', () => {
  test('are for admins', async () => {
    const user = await account('user');
    expect((await nobody.get('/api/users')).status).toBe(401);
    expect((await user.get('/api/users')).status).toBe(403);
    expect((await user.patch(`/api/users/${user.id}`, { role: 'admin' })).status).toBe(403);
  });

  test('can be found and given a role; the last admin stays one', async () => {
    const admin = await account('admin');
    const user = await account('user');
    const found = await admin.get('/api/users?q=USER-&pageSize=100');
    expect(JSON.stringify(found.body)).toContain(user.id);
    const promoted = await admin.patch(`/api/users/${user.id}`, { role: 'admin' });
    expect(promoted.body).toMatchObject({ role: 'admin' });
    expect((await user.get('/api/users')).status).toBe(200);
    expect((await admin.patch('/api/users/nobody', { role: 'user' })).status).toBe(404);
    await prisma.user.updateMany({
      where: { NOT: { id: admin.id ?? '' } },
      data: { role: 'user' },
    });
    const last = await admin.patch(`/api/users/${admin.id}`, { role: 'user' });
    expect(last.status).toBe(409);
    expect((await admin.get('/api/users')).status).toBe(200);
  });

  test("two admins cannot take each other's role at once", async () => {
    for (let round = 0; round < 5; round += 1) {
      const [one, other] = [await account('admin'), await account('admin')];
      const both = [one.id ?? '', other.id ?? ''];
      const where = { NOT: { id: { in: both } } };
      await prisma.user.updateMany({ where, data: { role: 'user' } });
      await Promise.all([
        one.patch(`/api/users/${other.id}`, { role: 'user' }),
        other.patch(`/api/users/${one.id}`, { role: 'user' }),
      ]);
      expect(await prisma.user.count({ where: { role: 'admin' } })).toBeGreaterThan(0);
    }
  });

  test('are searched for what is typed', async () => {
    const admin = await account('admin');
    for (const email of ['like_this@example.org', 'likeXthis@example.org'])
      await nobody.post('/api/auth/register', { ...person, email });
    const { total } = (await admin.get('/api/users?q=like_this')).body;
    // SQLite takes `_` for any character.
    expect(total).toBe(isPostgres ? 1 : 2);
  });
});
