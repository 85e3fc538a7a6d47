import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'gpuopt-rooms-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Files of a planted tree, and the rule that must object to the import in the first of them. */
const planted: readonly {
  readonly name: string;
  readonly rule: string;
  readonly files: Readonly<Record<string, string>>;
}[] = [
  {
    name: 'a room may not import against the line',
    rule: 'kube-imports',
    files: {
      'operator/kube/index.ts': "export * from '../pools/index.ts';",
      'operator/pools/index.ts': 'export const a = 1;',
    },
  },
  {
    name: 'a room has one door',
    rule: 'pools-door',
    files: {
      'operator/scheduling/index.ts': "export * from '../pools/inside.ts';",
      'operator/pools/inside.ts': 'export const a = 1;',
    },
  },
  {
    name: 'decide imports no runtime',
    rule: 'decide-is-pure',
    files: {
      'operator/pools/decide.ts': "export * from '../runtime/index.ts';",
      'operator/runtime/index.ts': 'export const a = 1;',
    },
  },
  {
    name: 'peers know nothing of ours',
    rule: 'peers-know-nothing-of-ours',
    files: {
      'e2e/peers/stripe/main.ts': "export * from '../../../operator/kube/index.ts';",
      'operator/kube/index.ts': 'export const a = 1;',
    },
  },
  {
    name: 'no cycles',
    rule: 'no-cycles',
    files: { 'operator/kube/a.ts': "export * from './b.ts';", 'operator/kube/b.ts': "export * from './a.ts';" },
  },
];

test.each(planted)('$name', ({ rule, files }) => {
  const tree = mkdtempSync(join(folder, 'tree-'));
  const all = {
    'tsconfig.json': '{"compilerOptions":{"module":"nodenext","allowImportingTsExtensions":true,"noEmit":true}}',
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const result = spawnSync(
    process.execPath,
    [
      cruiser,
      '--config',
      join(root, 'e2e/tasks/rooms.cjs'),
      'operator',
      ...('e2e/peers/stripe/main.ts' in files ? ['e2e'] : []),
    ],
    {
      cwd: tree,
      encoding: 'utf8',
    },
  );
  expect(result.stdout).toContain(`error ${rule}`);
  expect(result.status).not.toBe(0);
});
