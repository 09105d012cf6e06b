// Drives the built application in a real browser: `npm run build`, then `npm run e2e`.
//
// Prints TAP; exits with 0 when all passed, 1 when not, 75 when no browser could be started (the last line says why).
// Screenshots, and a trace for https://trace.playwright.dev, are kept in e2e/results.
import { strict as assert } from 'node:assert';
import process from 'node:process';
import { World } from './api.mjs';
import { accessibilityFaults, NoBrowserError, startBrowser } from './browser.mjs';
import { journey } from './journeys.mjs';
import { bestRole, lookedAt, may, model } from './model.mjs';
import { enter, leftForm, settled, signIn } from './screens.mjs';
import { startApplication } from './server.mjs';
import { print, Tap } from './tap.mjs';

const NOT_RUN = 75;
const USER = { name: 'Ann Example', email: 'ann@example.org' };

async function main() {
  let browser;
  try {
    browser = await startBrowser();
  } catch (error) {
    if (!(error instanceof NoBrowserError)) throw error;
    print(error.message);
    return NOT_RUN;
  }
  try {
    const application = await startApplication();
    const tap = new Tap();
    await drive(tap, browser, application);
    if (tap.failed.length > 0)
      print(`# the server's log ends with:\n${application.log()}`.replaceAll('\n', '\n# '));
    await tap.test('the server ends in peace when asked to', () => application.stop());
    return tap.end();
  } finally {
    await browser.close();
  }
}

async function drive(tap, browser, application) {
  const world = new World(application);
  const open = new Map();

  /** The browser of an account; `other` is a second plain user, `guest` nobody. */
  async function visitors(who) {
    const known = open.get(who);
    if (known) return known;
    const visitor = await browser.newVisitor(application.url, { traced: who === 'user' });
    open.set(who, visitor);
    if (who === 'other')
      await registerInBrowser(visitor.page, 'Bob Other', 'bob@example.org', world.password);
    else if (who !== 'guest' && who !== 'user')
      await signIn(visitor.page, await world.account(who));
    return visitor;
  }

  async function check(name, run) {
    await tap.test(
      name,
      async () => {
        await run();
        const problems = [...open.values()].flatMap((visitor) => visitor.takeProblems());
        assert.deepEqual(problems, [], 'errors in the console');
      },
      async (number) => {
        for (const [who, visitor] of open) {
          visitor.takeProblems();
          await visitor.shoot(`failed-${number}-${who}`);
        }
      },
    );
  }

  const ann = await visitors('user');
  await check('a guest is asked to sign in and finds the form accessible', () => asGuest(ann));
  await check('a new user registers, signs out and in again', () => accountOf(ann, world));
  await check('a wrong password is refused with a message', async () =>
    wrongPassword(await visitors('guest')),
  );
  for (const entity of model.entities) {
    const role = bestRole(entity);
    if (role === null) continue;
    for (const step of journey(entity, role, world, visitors)) await check(step.name, step.run);
  }
  const typed = model.entities.find(
    (entity) =>
      entity.pages.form &&
      isPlain(entity) &&
      ['create', 'read'].every((action) => may('user', action, entity) !== 'none'),
  );
  if (typed)
    await check(`${typed.label}: is created with the keyboard alone`, () =>
      byKeyboard(ann.page, typed, world),
    );
  await check('pages fit a telephone', () => onTelephone(browser, application, world));
  await check('dark colours are kept', () => inTheDark(ann));
  await check('an administrator gives out a role', async () =>
    administration(await visitors('admin')),
  );
  await check('a name is changed in the profile', () => profile(ann));
  await check('an address that leads nowhere says so', () => nowhere(ann.page));
  for (const visitor of open.values()) await visitor.close();
}

async function registerInBrowser(page, name, email, password) {
  await page.goto('/register');
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

async function asGuest({ page, shoot }) {
  await page.goto('/profile');
  await page.waitForURL(/\/login\?next=%2Fprofile$/);
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  await shoot('login');
  assert.deepEqual(await accessibilityFaults(page), []);
}

async function accountOf({ page, shoot }, world) {
  await registerInBrowser(page, USER.name, USER.email, world.password);
  await world.adopt('user', USER.name, USER.email);
  await page.getByRole('heading', { level: 1, name: `Hello, ${USER.name}` }).waitFor();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: `Hello, ${USER.name}` }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(/\/login$/);
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  await signIn(page, { email: USER.email, password: world.password });
  await shoot('home');
}

async function wrongPassword(visitor) {
  const { page } = visitor;
  visitor.expect(/ 401 /);
  await page.goto('/login');
  await page.getByLabel('E-mail').fill(USER.email);
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('alert').waitFor();
}

const isPlain = (entity) => entity.relations.every(({ required }) => !required);

/** From the skip link to a stored row without touching the mouse. */
async function byKeyboard(page, entity, world) {
  await page.goto(entity.pages.list ? `/${entity.path}` : '/');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(
    await page.evaluate(() => globalThis.document.activeElement?.id),
    'main',
    'skip link',
  );
  await tabTo(page, `a[href="/${entity.path}/new"]`);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'New ' }).waitFor();
  const values = world.nextValues(entity);
  for (const field of entity.fields) {
    await tabTo(page, `[data-field="${field.name}"]`);
    await type(page, field, values[field.name]);
  }
  await tabTo(page, 'form button[type="submit"]');
  await page.keyboard.press('Enter');
  await leftForm(page, entity);
  const [row] = (await world.send('user', 'GET', `/${entity.path}?pageSize=1`)).items;
  const texts = entity.fields.filter(({ kind }) => kind === 'string' || kind === 'text');
  for (const { name } of texts) assert.equal(row[name], values[name], name);
}

async function tabTo(page, selector) {
  for (let presses = 0; presses < 300; presses += 1) {
    await page.keyboard.press('Tab');
    const isThere = await page.evaluate(
      (wanted) => globalThis.document.activeElement?.matches(wanted) === true,
      selector,
    );
    if (isThere) return;
  }
  throw new Error(`Tab does not lead to ${selector}`);
}

async function type(page, field, value) {
  const typeable = ['string', 'text', 'email', 'url', 'integer', 'decimal'];
  if (typeable.includes(field.kind)) {
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type(String(value));
  } else if (field.kind === 'boolean' || field.kind === 'enum') {
    // Space and letters work too, but differ between a box and a list; what matters here is that Tab leads there.
    await enter(page, field, value);
  } else await enter(page, field, value);
}

async function onTelephone(browser, application, world) {
  const visitor = await browser.newVisitor(application.url, {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  const { page, shoot } = visitor;
  await page.goto('/login');
  await page.getByLabel('E-mail').fill(USER.email);
  await page.getByLabel('Password').fill(world.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: 'Open menu' }).click();
  await page.getByRole('dialog', { name: 'Menu' }).getByRole('link', { name: 'Home' }).waitFor();
  await shoot('telephone-menu');
  await page.keyboard.press('Escape');
  const shown = lookedAt.filter((each) => each.pages.list && may('user', 'read', each) !== 'none');
  for (const entity of shown) {
    const paths = [`/${entity.path}`];
    if (entity.pages.form && may('user', 'create', entity) !== 'none')
      paths.push(`/${entity.path}/new`);
    for (const path of paths) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await settled(page);
      await shoot(`telephone${path.replaceAll('/', '-')}`);
      const overflow = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = globalThis.document.documentElement;
        return scrollWidth - clientWidth;
      });
      assert.ok(overflow <= 0, `${path} is ${overflow} pixels too wide`);
    }
  }
  assert.deepEqual(visitor.takeProblems(), []);
  await visitor.close();
}

async function inTheDark({ page, shoot }) {
  const theme = () => page.evaluate(() => globalThis.document.documentElement.dataset.theme);
  await page.goto('/');
  await page.getByRole('radio', { name: 'Dark' }).first().check({ force: true });
  assert.equal(await theme(), 'dark');
  await page.reload();
  await page.getByRole('heading', { level: 1 }).waitFor();
  assert.equal(await theme(), 'dark', 'after a reload');
  await shoot('dark-home');
  const entity = model.entities.find(
    (each) => each.pages.list && may('user', 'read', each) !== 'none',
  );
  if (entity) {
    await page.goto(`/${entity.path}`);
    await settled(page);
    await shoot(`dark-${entity.path}`);
  }
  await page.getByRole('radio', { name: 'Light' }).first().check({ force: true });
  assert.equal(await theme(), 'light');
}

async function administration({ page, shoot }) {
  await page.goto('/admin/users');
  const role = page.getByRole('combobox', { name: `Role of ${USER.name}` });
  await role.waitFor();
  await shoot('accounts');
  const other = model.roles.find((each) => each !== 'user');
  for (const wanted of [other, 'user']) {
    await role.selectOption(wanted);
    await page.getByText(`${USER.name} now has the role ${wanted}.`).waitFor();
  }
  assert.deepEqual(await accessibilityFaults(page), []);
}

async function profile({ page, shoot }) {
  await page.goto('/profile');
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Ann Changed');
  await page.getByRole('button', { name: 'Save name' }).click();
  await page.getByText('Your name was saved.').waitFor();
  await shoot('profile');
  assert.deepEqual(await accessibilityFaults(page), []);
}

async function nowhere(page) {
  await page.goto('/nowhere/at-all');
  await page.getByRole('heading', { level: 1, name: 'There is nothing here' }).waitFor();
}

process.exitCode = await main();
