import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Outputs, OWNED } from './generate.ts';

/** One file that is not as it should be. */
export interface Difference {
  readonly path: string;
  readonly kind: 'missing' | 'changed' | 'stale';
}

const FORMAT_LIMIT_MS = 60_000;

/** Formats what the project's formatter looks after, so that a generated file is also a tidy one. */
export function format(outputs: Outputs, repository: string): Outputs {
  return new Map([...outputs].map(([path, content]) => [path, formatted(path, content, repository)]));
}

function formatted(path: string, content: string, repository: string): string {
  if (!/^operator\/.*\.(ts|json)$/.test(path)) return content;
  const biome = join(repository, 'node_modules/.bin/biome');
  const run = spawnSync(biome, ['format', `--stdin-file-path=${path}`], {
    cwd: repository,
    input: content,
    encoding: 'utf8',
    timeout: FORMAT_LIMIT_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (run.status === 0) return run.stdout;
  throw new Error(`${path}: biome could not format it: ${run.stderr || run.error?.message || `exit ${run.status}`}`);
}

/** Compares the files with what lies under a folder. */
export function compare(outputs: Outputs, folder: string): readonly Difference[] {
  const wrong = [...outputs].flatMap(([path, content]): Difference[] => {
    const file = join(folder, path);
    if (!existsSync(file)) return [{ path, kind: 'missing' }];
    return readFileSync(file, 'utf8') === content ? [] : [{ path, kind: 'changed' }];
  });
  const stale = present(folder)
    .filter((path) => !outputs.has(path))
    .map((path): Difference => ({ path, kind: 'stale' }));
  return [...wrong, ...stale].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Writes the files that differ and removes those that are no longer made; returns what it changed. */
export function write(outputs: Outputs, folder: string): readonly Difference[] {
  const differences = compare(outputs, folder);
  for (const { path, kind } of differences) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    if (kind === 'stale') rmSync(file);
    else writeFileSync(file, outputs.get(path) ?? '');
  }
  return differences;
}

/** Where the definitions of the last release lie: what the next one must be able to follow. */
const RELEASED = 'crds/released';

/** Notes the definitions as released, in place of those of the release before; returns their paths. */
export function release(outputs: Outputs, folder: string): readonly string[] {
  const definitions = [...outputs].filter(([path]) => /^crds\/[^/]+_[^/]+\.yaml$/.test(path));
  rmSync(join(folder, RELEASED), { recursive: true, force: true });
  mkdirSync(join(folder, RELEASED), { recursive: true });
  return definitions.map(([path, content]) => {
    const released = `${RELEASED}/${basename(path)}`;
    writeFileSync(join(folder, released), content);
    return released;
  });
}

function present(folder: string): string[] {
  return OWNED.filter((owned) => existsSync(join(folder, owned))).flatMap((owned) =>
    readdirSync(join(folder, owned))
      .filter((name) => /\.(ya?ml|json|md)$/.test(name))
      .map((name) => `${owned}/${name}`),
  );
}
