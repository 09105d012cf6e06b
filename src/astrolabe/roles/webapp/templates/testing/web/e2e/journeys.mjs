// What every kind of thing must let its people do, in a real browser.
import { strict as assert } from 'node:assert';
import { accessibilityFaults } from './browser.mjs';
import { entityOf, lookedAt, may, model } from './model.mjs';
import {
  assertStored,
  enter,
  enterAll,
  eventually,
  leftForm,
  listed,
  pick,
  rowsShown,
  save,
  settled,
} from './screens.mjs';

const PAGE_SIZE = 10;
const ROWS = PAGE_SIZE + 2;

/** The steps for one entity: name and what to do, in order. Later steps use what earlier ones made. */
export function journey(entity, role, world, visitors) {
  const path = `/${entity.path}`;
  const state = {};
  const send = (method, rest = '', body = undefined) =>
    world.send(role, method, `${path}${rest}`, body);
  const page = async () => (await visitors(role)).page;
  const steps = [];
  const step = (name, run, when = true) =>
    when && steps.push({ name: `${entity.label}: ${name}`, run });
  const able = (action) => may(role, action, entity) !== 'none';
  const { list, detail, form } = entity.pages;

  step(
    'is created through its form',
    async () => createByForm(entity, role, world, state, await visitors(role)),
    form,
  );
  step(
    'the form says what is missing',
    () => missing(entity, page),
    form && entity.fields.some(isNeeded),
  );
  step(
    'is changed through its form',
    () => edit(entity, state, page, send),
    form && able('update'),
  );
  step(
    'a list is paged',
    async () => {
      state.total = await fill(entity, role, world, send);
      await paging(entity, state.total, await page());
      await (await visitors(role)).shoot(`${entity.path}-list`);
    },
    list,
  );
  step(
    'a list is searched',
    async () => searching(entity, await page(), send),
    list && entity.searchable,
  );
  const choice = entity.fields.find(
    ({ kind, filterable }) => filterable && (kind === 'enum' || kind === 'boolean'),
  );
  step(
    'a list is filtered',
    async () => filtering(entity, choice, await page(), send),
    list && choice !== undefined,
  );
  const column = entity.columns.find(({ sortable }) => sortable);
  step(
    'a list is sorted',
    async () => sorting(entity, column, await page()),
    list && column !== undefined,
  );
  step(
    'a row has a page',
    async () => {
      const [row] = (await send('GET', '?pageSize=1')).items;
      await (await page()).goto(`${path}/${row.id}`);
      await (await page()).locator('main dl').first().waitFor();
      await (await visitors(role)).shoot(`${entity.path}-detail`);
    },
    detail,
  );
  step(
    'is deleted after a question',
    async () => deleting(entity, await page(), send),
    list && able('delete'),
  );
  step(
    'other people see and may do what the model says',
    () => others(entity, role, visitors, send),
    list,
  );
  step(
    'pages are accessible',
    async () => accessible(entity, await page(), send),
    lookedAt.includes(entity),
  );
  return steps;
}

const isNeeded = ({ required, kind, prefilled }) => required && kind !== 'boolean' && !prefilled;

/** The rows a new one is linked to, by relation: required ones, and others as far as somebody can make them. */
async function targetsFor(entity, role, world) {
  const targets = [];
  for (const relation of entity.relations) {
    const isReadable = may(role, 'read', entityOf(relation.target)) !== 'none';
    if (!isReadable || (relation.target === entity.name && !relation.required)) continue;
    const row = await world.target(relation, role);
    if (row) targets.push({ relation, row });
  }
  return targets;
}

async function createByForm(entity, role, world, state, { page, shoot }) {
  const targets = await targetsFor(entity, role, world);
  const values = world.nextValues(entity);
  await page.goto(entity.pages.list ? `/${entity.path}` : `/${entity.path}/new`);
  if (entity.pages.list) await page.locator(`main a[href="/${entity.path}/new"]`).first().click();
  await page.getByRole('heading', { level: 1, name: 'New ' }).waitFor();
  await enterAll(page, entity, values);
  for (const { relation, row } of targets) {
    const { items } = await world.send(role, 'GET', `/${entityOf(relation.target).path}/options`);
    await pick(
      page,
      relation,
      items.find(({ id }) => id === row.id),
    );
  }
  await shoot(`${entity.path}-form`);
  await save(page);
  await leftForm(page, entity);
  const [row] = (await world.send(role, 'GET', `/${entity.path}?pageSize=1`)).items;
  assertStored(entity, row, values);
  for (const { relation, row: target } of targets) {
    assert.deepEqual(row[relation.key], relation.many ? [target.id] : target.id, relation.key);
  }
  state.row = row;
}

async function missing(entity, getPage) {
  const page = await getPage();
  const field = entity.fields.find(isNeeded);
  await page.goto(`/${entity.path}/new`);
  await page.locator(`[data-field="${field.name}"]`).waitFor();
  await save(page);
  const input = page.locator(`[data-field="${field.name}"][aria-invalid="true"]`);
  await input.waitFor();
  const first = page.locator('[aria-invalid="true"]').first();
  await eventually(
    () => first.evaluate((node) => node === node.ownerDocument.activeElement),
    true,
    'focus on the first fault',
  );
  const description = await input.getAttribute('aria-describedby');
  assert.ok(description, 'the fault is tied to its input');
}

async function edit(entity, state, getPage, send) {
  const page = await getPage();
  const row = state.row ?? (await send('GET', '?pageSize=1')).items[0];
  const field = entity.fields.find(({ samples }) => new Set(samples).size > 1) ?? entity.fields[0];
  const value = field.samples.at(-1);
  await page.goto(`/${entity.path}/${row.id}/edit`);
  await page.locator(`[data-field="${field.name}"]`).waitFor();
  await enter(page, field, value);
  await save(page);
  await leftForm(page, entity);
  const stored = await send('GET', `/${row.id}`);
  assertStored({ ...entity, fields: [field] }, stored, { [field.name]: value });
}

/** Make enough rows for a second page; returns how many there are. Unique values may run out before. */
async function fill(entity, role, world, send) {
  let { total } = await send('GET', '?pageSize=1');
  try {
    for (; total < ROWS; total += 1) await world.create(entity, role);
  } catch (error) {
    if (error.status !== 409) throw error;
  }
  return total;
}

async function paging(entity, total, page) {
  await page.goto(`/${entity.path}?pageSize=${PAGE_SIZE}`);
  await eventually(() => listed(page), total, 'rows in all');
  assert.equal(await rowsShown(page), Math.min(total, PAGE_SIZE), 'rows on the first page');
  if (total <= PAGE_SIZE) return;
  await page.getByRole('button', { name: 'Next page' }).click();
  await page.waitForURL(/[?&]page=2\b/);
  await eventually(
    () => rowsShown(page),
    Math.min(total - PAGE_SIZE, PAGE_SIZE),
    'rows on the second page',
  );
  await page.getByRole('button', { name: 'Previous page' }).click();
  await eventually(() => rowsShown(page), PAGE_SIZE, 'rows on the first page again');
}

async function searching(entity, page, send) {
  const { items } = await send('GET', '?pageSize=5');
  const field = entity.fields.find(({ searchable }) => searchable);
  const q = items
    .map((row) => row[field.name])
    .find(Boolean)
    .trim()
    .slice(0, 100);
  const { total } = await send('GET', `?q=${encodeURIComponent(q)}`);
  await page.goto(`/${entity.path}`);
  await page.locator('main').getByRole('searchbox').fill(q);
  await page.waitForURL(/[?&]q=/);
  await eventually(() => listed(page), total, `rows with "${q}"`);
  await page.locator('main').getByRole('searchbox').fill('zzz nothing is called this zzz');
  await page.getByRole('button', { name: 'Clear search and filters' }).click();
  await eventually(async () => (await listed(page)) > 0, true, 'rows after the search was cleared');
}

async function filtering(entity, field, page, send) {
  const { items } = await send('GET', '?pageSize=1');
  const value = String(items[0][field.name]);
  const { total } = await send('GET', `?${field.name}=${encodeURIComponent(value)}`);
  await page.goto(`/${entity.path}`);
  await page.getByRole('button', { name: 'Filters' }).click();
  await page.locator(`form [data-field="${field.name}"]`).selectOption(value);
  await page.waitForURL((url) => url.searchParams.get(field.name) === value);
  await eventually(() => listed(page), total, `rows with ${field.name} = ${value}`);
  await page.reload();
  await eventually(() => listed(page), total, 'the same rows after a reload');
}

async function sorting(entity, column, page) {
  await page.goto(`/${entity.path}`);
  const index = entity.columns.indexOf(column);
  const header = page.locator('main thead th').nth(index);
  for (const order of ['ascending', 'descending']) {
    await header.getByRole('button').click();
    await eventually(() => header.getAttribute('aria-sort'), order, 'order of the column');
    await eventually(async () => (await listed(page)) > 0, true, 'rows');
  }
}

async function deleting(entity, page, send) {
  const { items, total } = await send('GET', '?sort=-createdAt&pageSize=20');
  const index = items.findIndex((row) => row.id);
  await page.goto(`/${entity.path}`);
  await eventually(() => listed(page), total, 'rows before');
  const button = page.locator('main tbody tr').nth(index).getByRole('button', { name: 'Delete ' });
  await button.click();
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.ok(
    await button.evaluate((node) => node === node.ownerDocument.activeElement),
    'the focus comes back',
  );
  assert.equal((await send('GET', '?pageSize=1')).total, total, 'nothing is deleted without a yes');
  await button.click();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await dialog.waitFor({ state: 'detached' });
  await eventually(() => listed(page), total - 1, 'rows after');
  assert.equal((await send('GET', '?pageSize=1')).total, total - 1);
}

/** Another account of the plainest role: it sees all, its own (nothing yet) or gets no page at all. */
async function others(entity, role, visitors, send) {
  const visitor = await visitors('other');
  const { page } = visitor;
  const { items, total } = await send('GET', '?pageSize=1');
  const scope = may('user', 'read', entity);
  if (scope === 'none') {
    await page.goto(`/${entity.path}`);
    await page.getByRole('heading', { level: 1, name: 'This is not open to you' }).waitFor();
    return;
  }
  await page.goto(`/${entity.path}`);
  await eventually(() => listed(page), scope === 'own' ? 0 : total, 'rows another user sees');
  if (!entity.pages.detail || items.length === 0) return;
  if (scope === 'own') visitor.expect(/ 404 /);
  await page.goto(`/${entity.path}/${items[0].id}`);
  if (scope === 'own') {
    await page.getByRole('heading', { level: 1, name: 'There is nothing here' }).waitFor();
    return;
  }
  await page.locator('main dl').first().waitFor();
  const editable = entity.pages.form && may('user', 'update', entity) === 'all';
  assert.equal(
    await page.getByRole('link', { name: 'Edit', exact: true }).count(),
    editable ? 1 : 0,
    'Edit',
  );
  const deletable = may('user', 'delete', entity) === 'all';
  assert.equal(
    await page.getByRole('button', { name: 'Delete', exact: true }).count(),
    deletable ? 1 : 0,
    'Delete',
  );
}

/** Colours are the same everywhere, so one entity shows for all that they have enough contrast in the dark too. */
async function accessible(entity, page, send) {
  const [row] = (await send('GET', '?pageSize=1')).items;
  const paths = [
    entity.pages.list && `/${entity.path}`,
    entity.pages.form && `/${entity.path}/new`,
    entity.pages.detail && row && `/${entity.path}/${row.id}`,
  ].filter(Boolean);
  const faults = [];
  const isFirst = entity === model.entities[0];
  for (const colorScheme of isFirst ? ['light', 'dark'] : ['light']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const path of paths) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await settled(page);
      for (const fault of await accessibilityFaults(page))
        faults.push(`${path}, ${colorScheme}: ${fault}`);
    }
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  assert.deepEqual(faults, []);
}
