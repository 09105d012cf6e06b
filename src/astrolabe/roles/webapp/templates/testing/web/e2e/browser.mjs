// Starts a browser, and watches its pages for errors.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { chromium } from 'playwright-core';
import { root } from './server.mjs';

export const RESULTS = path.join(root, 'e2e', 'results');
const CANDIDATES = [
  process.env.ASTROLABE_CHROMIUM,
  process.env.CHROMIUM,
  '/usr/lib/chromium/chromium',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const WAIT_MS = 15_000;
const WIDE = { width: 1280, height: 900 };

export class NoBrowserError extends Error {}

export async function startBrowser() {
  const executablePath = CANDIDATES.find((candidate) => candidate && existsSync(candidate));
  if (!executablePath) {
    throw new NoBrowserError(
      'no browser was found: install Chromium or set ASTROLABE_CHROMIUM to its path',
    );
  }
  rmSync(RESULTS, { recursive: true, force: true });
  mkdirSync(RESULTS, { recursive: true });
  const profile = mkdtempSync(path.join(tmpdir(), 'e2e-browser-'));
  let browser;
  try {
    browser = await chromium.launch({
      executablePath,
      args: [...FLAGS, `--crash-dumps-dir=${profile}`],
      env: { ...process.env, HOME: profile, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile },
    });
  } catch (error) {
    rmSync(profile, { recursive: true, force: true });
    const reason = String(error.message).split('\n')[0];
    throw new NoBrowserError(`${executablePath} did not start: ${reason}`);
  }
  return {
    newVisitor: (baseURL, options) => newVisitor(browser, baseURL, options),
    async close() {
      await browser.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** Someone with a browser of their own: cookies, storage, one page. */
async function newVisitor(browser, baseURL, { traced = false, ...options } = {}) {
  const context = await browser.newContext({
    baseURL,
    viewport: WIDE,
    locale: 'en-GB',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
    ...options,
  });
  context.setDefaultTimeout(WAIT_MS);
  if (traced) await context.tracing.start({ snapshots: true });
  const page = await context.newPage();
  const problems = [];
  const expected = [];
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    const text = `${message.text()} (${message.location().url})`;
    if (!expected.some((pattern) => pattern.test(text))) problems.push(text);
  });
  return {
    page,
    /** Errors in the console that belong to what is tested: `/ 404 /`. */
    expect: (pattern) => expected.push(pattern),
    /** What went wrong since it was last asked for. */
    takeProblems: () => problems.splice(0),
    async shoot(name) {
      await page.evaluate(() => globalThis.scrollTo(0, 0));
      await page.screenshot({ path: path.join(RESULTS, `${name}.png`), fullPage: true });
    },
    async close() {
      if (traced) await context.tracing.stop({ path: path.join(RESULTS, 'trace.zip') });
      await context.close();
    },
  };
}

const require = createRequire(import.meta.url);

/** What axe finds wrong with the page, for people who do not see, hear or click; one line each. */
export async function accessibilityFaults(page) {
  const source = require.resolve('axe-core/axe.min.js');
  // Through the debugger, because the content policy of the application allows no foreign script.
  await page.evaluate(readFileSync(source, 'utf8'));
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.map(
    ({ id, help, nodes }) => `${id}: ${help} (${nodes.map((node) => node.target).join('; ')})`,
  );
}
