import request, { type Response } from 'supertest';
import type { Role } from '../../src/access';
import { createApp } from '../../src/app';
import { prisma } from '../../src/database';

export const app = createApp();
export const PASSWORD = 'correct horse battery';

let accounts = 0;

/** Somebody who uses the API: signed in, or nobody in particular when there is no token. */
export class Client {
  constructor(
    readonly id: string | null,
    private readonly token: string | null,
  ) {}

  private headers(): Record<string, string> {
    return this.token ? { authorization: `Bearer ${this.token}` } : {};
  }

  async get(path: string): Promise<Response> {
    return request(app).get(path).set(this.headers());
  }

  async post(path: string, body: object): Promise<Response> {
    return request(app).post(path).set(this.headers()).send(body);
  }

  async patch(path: string, body: object): Promise<Response> {
    return request(app).patch(path).set(this.headers()).send(body);
  }

  async delete(path: string): Promise<Response> {
    return request(app).delete(path).set(this.headers());
  }
}

export const nobody = new Client(null, null);

/** Makes an account with a role and signs it in. */
export async function account(role: Role): Promise<Client> {
  accounts += 1;
  const email = `${role}-${accounts}@example.org`;
  const answer = await nobody.post('/api/auth/register', {
    email,
    name: `${role} ${accounts}`,
    password: PASSWORD,
  });
  expect(answer.status).toBe(201);
  const { accessToken, user } = answer.body as { accessToken: string; user: { id: string } };
  if (role !== 'user') await prisma.user.update({ where: { id: user.id }, data: { role } });
  return new Client(user.id, accessToken);
}

/** The `path` of each error of an answer. */
export const errorPaths = (answer: Response): string[] =>
  ((answer.body as { errors?: { path: string }[] }).errors ?? []).map((error) => error.path);
