// Copies packages with all they need at run time into another folder, so that an image holds nothing else.
// usage: node scripts/collect-modules.mjs FOLDER PACKAGE…
import { cpSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const root = process.cwd();
const [target, ...wanted] = process.argv.slice(2);
if (!target || wanted.length === 0) {
  console.error('usage: node scripts/collect-modules.mjs FOLDER PACKAGE…');
  process.exit(2);
}

/** The folder Node finds a package in, seen from another folder, as a path below the root. */
function locate(name, from) {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const found = path.join(folder, 'node_modules', name);
    if (existsSync(path.join(root, found, 'package.json'))) return found;
    if (folder === '.') return null;
  }
}

/** Nothing loads types, source maps and papers at run time; licences stay. */
const idle = /\.(d\.[cm]?ts|map|md|markdown|flow)$/i;
const seen = new Set();
function collect(name, from, optional) {
  const found = locate(name, from);
  if (!found) {
    if (optional) return;
    console.error(`${name}, needed by ${from}, is not installed`);
    process.exit(1);
  }
  if (seen.has(found) || name.startsWith('@types/')) return;
  seen.add(found);
  const nested = path.join(root, found, 'node_modules');
  cpSync(path.join(root, found), path.join(target, found), {
    recursive: true,
    filter: (source) => source !== nested && !idle.test(source),
  });
  const manifest = JSON.parse(readFileSync(path.join(root, found, 'package.json'), 'utf8'));
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = manifest;
  const { peerDependenciesMeta = {} } = manifest;
  const peers = Object.keys(peerDependencies).filter(
    (peer) => !peerDependenciesMeta[peer]?.optional,
  );
  for (const other of [...Object.keys(optionalDependencies), ...peers]) collect(other, found, true);
  for (const other of Object.keys(dependencies)) {
    collect(other, found, Object.hasOwn(optionalDependencies, other));
  }
}

for (const name of wanted) collect(name, 'api', false);
console.log(`${seen.size} packages in ${target}`);
