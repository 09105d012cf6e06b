// Refuses dependencies whose licence is not on the list. Usage: node scripts/licences.mjs SBOM.cdx.json
import { readFileSync } from 'node:fs';
import process from 'node:process';

const ACCEPTED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC-BY-3.0',
  'CC-BY-4.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'MPL-2.0',
  'Python-2.0',
  'Unlicense',
  'Zlib',
]);

/** Reads an SPDX expression: AND binds closer than OR, parentheses group, an exception (WITH) only adds rights. */
function accepted(expression) {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? [];
  const next = (word) => tokens[0]?.toUpperCase() === word && tokens.shift();
  function either() {
    let good = both();
    while (next('OR')) good = both() || good;
    return good;
  }
  function both() {
    let good = single();
    while (next('AND')) good = single() && good;
    return good;
  }
  function single() {
    if (next('(')) {
      const good = either();
      return Boolean(next(')')) && good;
    }
    const good = ACCEPTED.has(tokens.shift());
    if (next('WITH')) tokens.shift();
    return good;
  }
  return either() && tokens.length === 0;
}

function licencesOf(component) {
  return (component.licenses ?? []).map(
    (entry) => entry.expression ?? entry.license?.id ?? entry.license?.name ?? 'unknown',
  );
}

/** The application's own workspaces; no registry takes a private package. */
function isOurs(component) {
  const { properties = [] } = component;
  return properties.some(
    ({ name, value }) => name === 'cdx:npm:package:private' && value === 'true',
  );
}

const [path] = process.argv.slice(2);
if (!path) {
  console.error('usage: node scripts/licences.mjs SBOM.cdx.json');
  process.exit(2);
}
const { components = [] } = JSON.parse(readFileSync(path, 'utf8'));
const foreign = components.filter((component) => !isOurs(component));
if (foreign.length === 0) {
  console.error(`${path} lists no dependencies`);
  process.exit(2);
}
const refused = foreign.filter((component) => {
  const licences = licencesOf(component);
  return licences.length === 0 || !licences.every(accepted);
});
for (const component of refused) {
  const licences = licencesOf(component).join(', ') || 'no licence stated';
  console.error(`${component.name}@${component.version}: ${licences}`);
}
console.log(`${foreign.length} dependencies, ${refused.length} refused`);
process.exit(refused.length === 0 ? 0 : 1);
