import request from 'supertest';

test('signing in is limited more strictly than the rest', async () => {
  process.env.AUTH_RATE_LIMIT_PER_MINUTE = '2';
  process.env.RATE_LIMIT_PER_MINUTE = '50';
  jest.resetModules();
  const { createApp } = await import('../src/app');
  const app = createApp();
  const logIn = () =>
    request(app)
      .post('/api/auth/login')
      .send({ email: 'a@example.org', password: 'wrong password' });
  expect([(await logIn()).status, (await logIn()).status]).toEqual([401, 401]);
  const third = await logIn();
  expect(third.status).toBe(429);
  expect(third.type).toBe('application/problem+json');
  expect((await request(app).get('/api/openapi.json')).status).toBe(200);
  const { prisma } = await import('../src/database');
  await prisma.$disconnect();
});
