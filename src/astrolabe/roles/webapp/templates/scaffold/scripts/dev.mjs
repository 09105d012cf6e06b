// Runs the API and the web client side by side; ends both when one ends or on Ctrl-C.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { resolve } = createRequire(path.join(root, 'package.json'));
const vite = path.join(path.dirname(resolve('vite/package.json')), 'bin', 'vite.js');

// Not by npm, which is between us and them: ended itself, it would leave them running.
const start = (workspace, ...command) =>
  spawn(process.execPath, command, { cwd: path.join(root, workspace), stdio: 'inherit' });
const started = [start('api', resolve('tsx/cli'), 'watch', 'src/server.ts'), start('web', vite)];

let ending = false;
function endAll(code) {
  if (ending) return;
  ending = true;
  process.exitCode = code;
  for (const child of started) child.kill('SIGTERM');
}

for (const child of started) child.on('exit', (code) => endAll(code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => endAll(0));
