// Bundles the API into dist/. Only SQLite's native driver stays outside.
import { build } from 'esbuild';

await build({
  entryPoints: ['src/server.ts', 'src/admin.ts', 'src/seed.ts'],
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: true,
  minifySyntax: true,
  external: ['libsql', '@libsql/*', 'pg-native'],
  logLevel: 'warning',
});
