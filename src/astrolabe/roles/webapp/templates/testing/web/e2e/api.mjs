// Talks to the API without a browser: to prepare rows, and to see what was really stored.
import { entityOf, makerFor } from './model.mjs';

const PASSWORD = 'correct horse battery';
const MOST_TRIES = 40;

export class Refused extends Error {
  constructor(method, path, status, body) {
    super(`${method} ${path} answered ${status}: ${JSON.stringify(body)}`);
    this.status = status;
  }
}

async function call(url, method, path, { token, body } = {}) {
  const response = await fetch(`${url}/api${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new Refused(method, path, response.status, answer);
  return answer;
}

/** Accounts by role, made when first needed, and the rows they need. */
export class World {
  #accounts = new Map();
  #used = new Map();

  constructor(application) {
    this.application = application;
  }

  async #register(name) {
    const email = `${name.toLowerCase()}@example.org`;
    const body = { name, email, password: PASSWORD };
    const { user } = await call(this.application.url, 'POST', '/auth/register', { body });
    return { ...body, id: user.id };
  }

  async #signedIn(account) {
    const { email, password } = account;
    const body = { email, password };
    const { accessToken } = await call(this.application.url, 'POST', '/auth/login', { body });
    return { ...account, token: accessToken };
  }

  /** Remember an account that was registered in the browser. */
  async adopt(role, name, email) {
    this.#accounts.set(role, await this.#signedIn({ name, email, password: PASSWORD }));
    return this.#accounts.get(role);
  }

  get password() {
    return PASSWORD;
  }

  async account(role) {
    const known = this.#accounts.get(role);
    if (known) return known;
    const fresh = await this.#register(`Test ${role.replaceAll('_', ' ')}`.replaceAll(' ', '-'));
    if (role === 'admin') await this.application.makeAdmin(fresh.email);
    else if (role !== 'user') {
      const admin = await this.account('admin');
      await call(this.application.url, 'PATCH', `/users/${fresh.id}`, {
        token: admin.token,
        body: { role },
      });
    }
    this.#accounts.set(role, await this.#signedIn(fresh));
    return this.#accounts.get(role);
  }

  async send(role, method, path, body) {
    const { token } = await this.account(role);
    return call(this.application.url, method, path, { token, body });
  }

  /** The next sample values of an entity, none handed out twice. */
  nextValues(entity) {
    const number = this.#used.get(entity.name) ?? 0;
    this.#used.set(entity.name, number + 1);
    return Object.fromEntries(
      entity.fields.map(({ name, samples }) => [name, samples[number % samples.length]]),
    );
  }

  /** A row another one can refer to: made by somebody whose rows `reader` sees; null when there is no such person. */
  async target(relation, reader) {
    const entity = entityOf(relation.target);
    const maker = makerFor(entity, reader);
    return maker === null ? null : this.create(entity, maker);
  }

  /** The ids of rows for every required relation. */
  async links(entity, reader) {
    const links = {};
    for (const relation of entity.relations.filter(({ required }) => required)) {
      const row = await this.target(relation, reader);
      if (row === null)
        throw new Error(`Nobody can make the ${relation.target} that a ${entity.name} needs.`);
      links[relation.key] = relation.many ? [row.id] : row.id;
    }
    return links;
  }

  /** Make a row by the API; samples that are already taken are passed over. */
  async create(entity, role, links) {
    for (let tries = 0; ; tries += 1) {
      const given = links ?? (await this.links(entity, role));
      try {
        return await this.send(role, 'POST', `/${entity.path}`, {
          ...this.nextValues(entity),
          ...given,
        });
      } catch (error) {
        if (!(error instanceof Refused) || error.status !== 409 || tries >= MOST_TRIES) throw error;
      }
    }
  }
}
