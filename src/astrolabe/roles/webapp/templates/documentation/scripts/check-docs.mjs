// Holds the papers against the tree (links, headings, npm scripts, settings) and, when given one, against an OpenAPI document.
// usage: node scripts/check-docs.mjs [--openapi openapi.json] FILE.md…
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const problems = [];
const root = process.cwd();
const papers = process.argv.slice(2);
const openapi = papers[0] === '--openapi' ? papers.splice(0, 2)[1] : null;

/** Leaves out fenced code, keeping the lines' numbers. */
function prose(text) {
  let fence = '';
  return text.split('\n').map((line) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence) {
      if (mark && mark.startsWith(fence)) fence = '';
      return '';
    }
    if (mark) fence = mark;
    return mark ? '' : line;
  });
}

/** The fragments of a file: what GitHub makes of its headings, and explicit anchors. */
function anchors(file) {
  const found = new Set();
  for (const line of prose(readFileSync(file, 'utf8'))) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
    if (heading) found.add(slugOf(heading));
    for (const [, id] of line.matchAll(/<a id="([^"]+)">/g)) found.add(id);
  }
  return found;
}

function slugOf(heading) {
  const text = heading.replace(/\\(.)/g, '$1').replace(/`/g, '').toLowerCase();
  return text.replace(/[^\p{Letter}\p{Number}\p{Mark}\s_-]/gu, '').replace(/\s/g, '-');
}

function checkLink(paper, number, target) {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return;
  const [where, fragment] = target.split('#');
  const file = where
    ? path.resolve(path.dirname(paper), decodeURIComponent(where))
    : path.resolve(paper);
  if (file !== root && !file.startsWith(root + path.sep)) {
    problems.push(`${paper}:${number}: ${target} leaves the repository`);
  } else if (!existsSync(file)) {
    problems.push(`${paper}:${number}: ${target} does not exist`);
  } else if (fragment && statSync(file).isFile() && !anchors(file).has(fragment)) {
    problems.push(`${paper}:${number}: ${target} has no such heading`);
  }
}

function checkScripts(paper, text, scripts) {
  for (const [, name] of text.matchAll(/\bnpm run ([a-z][\w:-]*)/g)) {
    if (!Object.hasOwn(scripts, name)) problems.push(`${paper}: there is no script ${name}`);
  }
}

/** Every operation is described, with the parameters of its list, and nothing else is. */
function checkRoutes(document) {
  const text = papers.map((paper) => readFileSync(paper, 'utf8')).join('\n');
  const described = new Set(
    [...text.matchAll(/`((?:GET|POST|PUT|PATCH|DELETE) \/api\/[^`?]*)`/g)].map((found) => found[1]),
  );
  for (const served of ['GET /api/openapi.json', 'GET /api/docs']) described.delete(served);
  for (const [route, methods] of Object.entries(document.paths)) {
    for (const [method, { parameters = [] }] of Object.entries(methods)) {
      const name = `${method.toUpperCase()} ${route}`;
      if (!described.delete(name)) problems.push(`${name} is not described`);
      for (const parameter of parameters.filter((item) => item.in === 'query')) {
        if (!text.includes(`\`${parameter.name}\``)) {
          problems.push(`${name}: the parameter ${parameter.name} is not described`);
        }
      }
    }
  }
  for (const name of described)
    problems.push(`${name} is described, but the API has no such route`);
}

if (papers.length === 0) {
  console.error('usage: node scripts/check-docs.mjs [--openapi openapi.json] FILE.md…');
  process.exit(2);
}
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
let links = 0;
for (const paper of papers) {
  const text = readFileSync(paper, 'utf8');
  prose(text).forEach((line, index) => {
    const visible = line
      .replace(/`[^`]*`/g, (code) => ' '.repeat(code.length))
      .replace(/\\./g, '  ');
    for (const [, target] of visible.matchAll(/\]\(<?([^)\s>]+)>?\)/g)) {
      links += 1;
      checkLink(paper, index + 1, target);
    }
  });
  checkScripts(paper, text, scripts);
}
const readme = papers.includes('README.md') ? readFileSync('README.md', 'utf8') : '';
for (const example of ['.env.example', 'api/.env.example']) {
  if (!readme || !existsSync(example)) continue;
  for (const [, name] of readFileSync(example, 'utf8').matchAll(/^#?\s?([A-Z][A-Z0-9_]+)=/gm)) {
    if (!readme.includes(`\`${name}\``))
      problems.push(`README.md: the setting ${name} of ${example} is not explained`);
  }
}
if (openapi) checkRoutes(JSON.parse(readFileSync(openapi, 'utf8')));
for (const problem of problems) console.error(problem);
console.log(`${papers.length} papers, ${links} links, ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
