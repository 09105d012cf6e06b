// What a person does on the pages, said once.
import { strict as assert } from 'node:assert';

export async function signIn(page, { email, password }) {
  await page.goto('/login');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

const field = (page, name) => page.locator(`[data-field="${name}"]`).first();

/** Search for a row by its label in a relation's input, and choose it; several rows may be called the same. */
export async function pick(page, relation, { id, label }) {
  const input = field(page, relation.name);
  await input.click();
  await input.fill(label.slice(0, 60));
  // Other inputs of the form may offer the same rows.
  const list = await input.getAttribute('aria-controls');
  await page.locator(`[id="${list}"] [data-id="${id}"]`).click();
  if (relation.many) await input.press('Escape');
}

/** Give one field of an open form a value of the API's kind. */
export async function enter(page, { name, kind }, value) {
  const input = field(page, name);
  if (kind === 'boolean') {
    const isBox = (await input.getAttribute('type')) === 'checkbox';
    if (isBox) await input.setChecked(value);
    else await input.selectOption(String(value));
  } else if (kind === 'enum') await input.selectOption(value);
  else if (kind === 'datetime') await input.fill(value.slice(0, 16));
  else await input.fill(String(value));
}

export async function enterAll(page, entity, values) {
  for (const each of entity.fields) await enter(page, each, values[each.name]);
}

export const save = (page) => page.locator('form button[type="submit"]').click();

/** Wait until a row's page, or the list where there are none, has taken the place of a form. */
export async function leftForm(page, entity) {
  await page.waitForURL((url) => !/\/(new|edit)$/.test(url.pathname));
  await page.getByRole('heading', { level: 1 }).waitFor();
  if (!entity.pages.detail) return null;
  return decodeURIComponent(new URL(page.url()).pathname.split('/').at(-1));
}

/** The number of rows a list says it has; 0 when it says that there are none. */
export async function listed(page) {
  await page.locator('main [aria-busy="false"]').first().waitFor();
  await settled(page);
  const counter = page.getByRole('navigation', { name: 'Pages' }).locator('p');
  if ((await counter.count()) === 0) return 0;
  const text = await counter.innerText();
  return Number(text.replace(/^.* of /, '').replace(/\D/g, ''));
}

export const rowsShown = (page) => page.locator('main tbody tr').count();

/** Wait until no part of the page is loading any more; several may be at once. */
export const settled = (page) =>
  eventually(() => page.locator('main [role="status"]').count(), 0, 'parts that are loading');

/** Ask until the answer is the expected one: pages load while we look. */
export async function eventually(ask, expected, what) {
  const deadline = Date.now() + 15_000;
  let found = await ask();
  while (found !== expected && Date.now() < deadline) {
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    found = await ask();
  }
  assert.equal(found, expected, what);
}

/** The stored row must say what was entered. */
export function assertStored(entity, row, values) {
  for (const { name, kind } of entity.fields) {
    const stored = kind === 'datetime' ? row[name].slice(0, 16) : row[name];
    const entered = kind === 'datetime' ? values[name].slice(0, 16) : values[name];
    assert.deepEqual(stored, entered, `${entity.name}.${name}`);
  }
}
