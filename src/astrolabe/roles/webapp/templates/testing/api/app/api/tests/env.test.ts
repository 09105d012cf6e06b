import { EnvironmentError, readEnv } from '../src/env';

test('the defaults are enough for development', () => {
  expect(readEnv({})).toMatchObject({ NODE_ENV: 'development', PORT: 3000, COOKIE_SECURE: false });
});

test('production needs a secret of its own', () => {
  const secret = 's'.repeat(32);
  expect(() => readEnv({ NODE_ENV: 'production' })).toThrow(/JWT_SECRET/);
  expect(readEnv({ NODE_ENV: 'production', JWT_SECRET: secret })).toMatchObject({
    JWT_SECRET: secret,
    COOKIE_SECURE: true,
  });
});

test('every fault is named at once', () => {
  const variables = { PORT: 'many', DATABASE_URL: 'mysql://x', JWT_SECRET: 'short' };
  expect(() => readEnv(variables)).toThrow(EnvironmentError);
  expect(() => readEnv(variables)).toThrow(/PORT[\s\S]*DATABASE_URL[\s\S]*JWT_SECRET/);
});

test('an empty variable counts as not set', () => {
  expect(readEnv({ PORT: '' }).PORT).toBe(3000);
});
