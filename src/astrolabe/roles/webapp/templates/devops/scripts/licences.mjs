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

/** An SPDX expression is accepted when one side of each OR, and both sides of each AND, are. */
function accepted(expression) {
  const text = expression.replaceAll(/[()]/g, ' ').trim();
  if (/\sOR\s/i.test(text)) return text.split(/\sOR\s/i).some(accepted);
  if (/\sAND\s/i.test(text)) return text.split(/\sAND\s/i).every(accepted);
  return ACCEPTED.has(text);
}

function licencesOf(component) {
  return (component.licenses ?? []).map(
    (entry) => entry.expression ?? entry.license?.id ?? entry.license?.name ?? 'unknown',
  );
}

const [path] = process.argv.slice(2);
if (!path) {
  console.error('usage: node scripts/licences.mjs SBOM.cdx.json');
  process.exit(2);
}
const { components = [] } = JSON.parse(readFileSync(path, 'utf8'));
if (components.length === 0) {
  console.error(`${path} lists no components`);
  process.exit(2);
}
const refused = components.filter((component) => {
  const licences = licencesOf(component);
  return licences.length === 0 || !licences.every(accepted);
});
for (const component of refused) {
  const licences = licencesOf(component).join(', ') || 'no licence stated';
  console.error(`${component.name}@${component.version}: ${licences}`);
}
console.log(`${components.length} components, ${refused.length} refused`);
process.exit(refused.length === 0 ? 0 : 1);
