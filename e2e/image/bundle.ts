/**
 * Bundles `gpuopt` into dist/app: one entry, chunks that load on demand, and PGlite's WebAssembly beside them.
 * Usage: node e2e/image/bundle.ts. The output depends on nothing but the sources and the lock file.
 */
import { cpSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '../..');
/** What PGlite loads relative to its own file. */
const pgliteFiles = ['pglite.wasm', 'pglite.data', 'initdb.wasm'];

/** The folder with the bundle, and its size. */
export interface Bundle {
  readonly out: string;
  readonly bytes: number;
}

/** Makes the bundle anew. */
export async function bundleProject(out = join(root, 'dist/app')): Promise<Bundle> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  await bundleEntry({ gpuopt: join(root, 'operator/cli/main.ts') }, out);
  for (const file of pgliteFiles) cpSync(join(root, 'node_modules/@electric-sql/pglite/dist', file), join(out, file));
  const bytes = readdirSync(out).reduce((sum, file) => sum + statSync(join(out, file)).size, 0);
  return { out, bytes };
}

/** Bundles an entry, its output's name → its source, the way the image's is. */
export async function bundleEntry(entryPoints: Readonly<Record<string, string>>, out: string): Promise<void> {
  await build({
    entryPoints: { ...entryPoints },
    outdir: out,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    outExtension: { '.js': '.mjs' },
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'error',
    external: ['pg-native'],
    define: { 'process.env.NODE_ENV': '"production"' },
    // CommonJS dependencies ask for `require`, which an ES module lacks.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
    },
  });
}

if (import.meta.main) {
  const { bytes } = await bundleProject();
  console.log(`bundle     dist/app  ${(bytes / 2 ** 20).toFixed(1)} MiB`);
}
