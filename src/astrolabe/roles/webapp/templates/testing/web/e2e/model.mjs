// What the tests know of the application: `model.json`, and what follows from it.
import { readFileSync } from 'node:fs';

export const model = JSON.parse(readFileSync(new URL('model.json', import.meta.url), 'utf8'));

/** In a large application the pages of so many entities are looked at for form; all are tried for what they do. */
export const lookedAt = model.entities.slice(0, 8);

const byName = new Map(model.entities.map((entity) => [entity.name, entity]));
export const entityOf = (name) => byName.get(name);

/** Which rows an account of a role (null: a guest) may act on: `all`, `own` or `none`. */
export function may(role, action, { permissions }) {
  const allowed = permissions[action];
  if (allowed.includes('anyone')) return 'all';
  if (role === null) return 'none';
  if (allowed.includes('signed_in') || allowed.includes(role)) return 'all';
  return allowed.includes('owner') ? 'own' : 'none';
}

const able = (role, action, entity) => may(role, action, entity) !== 'none';
const ACTIONS = ['create', 'read', 'update', 'delete'];

/** Whether an account of a role can make a row with all that it has to refer to. */
const canMake = (role, entity) =>
  able(role, 'create', entity) &&
  entity.relations.every(
    ({ required, target }) => !required || makerFor(entityOf(target), role) !== null,
  );

/** The role that can do the most with an entity's rows, a plain user first; null when nobody can make one. */
export function bestRole(entity) {
  const roles = model.roles.filter((role) => canMake(role, entity) && able(role, 'read', entity));
  const powers = (role) => ACTIONS.filter((action) => able(role, action, entity)).length;
  return roles.toSorted((one, other) => powers(other) - powers(one))[0] ?? null;
}

/** A role whose rows of `entity` an account of `reader` can refer to. */
export function makerFor(entity, reader) {
  const scope = may(reader, 'read', entity);
  if (scope !== 'none' && canMake(reader, entity)) return reader;
  return scope === 'all' ? (model.roles.find((role) => canMake(role, entity)) ?? null) : null;
}
