// Holds the API's OpenAPI document against the OpenAPI specification; keeps it in openapi.json.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Validator } from '@seriousme/openapi-schema-validator';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

function printed() {
  const tsx = path.join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs');
  const done = spawnSync(process.execPath, [tsx, 'src/openapi/print.ts'], {
    cwd: path.join(root, 'api'),
    encoding: 'utf8',
    env: { ...process.env, NODE_ENV: 'test' },
    maxBuffer: 256 * 1024 * 1024,
  });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(done.stderr || 'The document could not be printed.');
  return done.stdout;
}

const text = printed();
const document = JSON.parse(text);
const { valid, errors } = await new Validator().validate(document);
if (valid) {
  writeFileSync(path.join(root, 'openapi.json'), text);
  const operations = Object.values(document.paths).flatMap((methods) => Object.keys(methods));
  console.log(`OpenAPI ${document.openapi}: ${operations.length} operations, valid`);
} else {
  console.error(typeof errors === 'string' ? errors : JSON.stringify(errors, null, 2));
  process.exitCode = 1;
}
