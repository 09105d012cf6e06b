// Proves that the migrations can be applied, to an empty database and to one with rows, and lead to exactly the schema.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { applyWithRows } from './filled-database.mjs';
import { difference, PROVIDERS } from './migration.mjs';
import { prisma } from './prisma.mjs';

function say(name, fault) {
  console.log(`${fault ? 'FAILED' : 'ok    '} ${name}${fault ? `\n${fault}` : ''}`);
  if (fault) process.exitCode = 1;
}

for (const provider of PROVIDERS) {
  say(`${provider}: the migrations lead to the schema`, await difference(provider));
}

const folder = mkdtempSync(path.join(tmpdir(), 'migrations-'));
try {
  const environment = { DATABASE_URL: `file:${path.join(folder, 'empty.db')}` };
  const run = (command) => prisma(command, { capture: true, environment });
  const deployed = run(['migrate', 'deploy']);
  say('sqlite: every migration applies to an empty database', deployed.code && deployed.errors);
  const status = run(['migrate', 'status']);
  say('sqlite: none is left to apply', status.code && status.output + status.errors);
  const schema = path.join('prisma', 'sqlite', 'schema.prisma');
  const drift = run([
    'migrate',
    'diff',
    '--from-config-datasource',
    '--to-schema',
    schema,
    '--exit-code',
  ]);
  say('sqlite: the database has exactly the schema', drift.code && drift.output + drift.errors);
  const fault = await applyWithRows(path.join(folder, 'filled.db'));
  say('sqlite: every migration applies to tables with rows', fault);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
