// Runs the API and the web client side by side; ends both when one ends or on Ctrl-C.
import { spawn } from 'node:child_process';
import process from 'node:process';

const started = ['api', 'web'].map((workspace) =>
  spawn('npm', ['run', 'dev', '--workspace', workspace], { stdio: 'inherit' }),
);

let ending = false;
function endAll(code) {
  if (ending) return;
  ending = true;
  process.exitCode = code;
  for (const child of started) child.kill('SIGTERM');
}

for (const child of started) child.on('exit', (code) => endAll(code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => endAll(0));
