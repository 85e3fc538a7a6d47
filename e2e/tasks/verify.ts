/** The checks of `make verify`: each is one command that fails with its output. */
export interface Check {
  readonly name: string;
  /** Arguments of the pinned Node. */
  readonly args: readonly string[];
  /** A number that the output must state at least, so that a checker that saw nothing cannot pass. */
  readonly floor?: { readonly pattern: RegExp; readonly least: number };
}

/** In the order of the time they take. */
export const checks: readonly Check[] = [
  {
    name: 'generated CRDs, kinds, schemas and API docs unchanged',
    args: ['operator/crdgen/main.ts', '--check'],
  },
  {
    name: 'definitions can follow those of the last release',
    args: ['operator/cli/main.ts', 'crd', 'diff', 'crds/released', 'crds'],
  },
  { name: 'generated RBAC and docs unchanged', args: ['operator/cli/generate.ts', '--check'] },
  {
    name: 'format and lint (biome)',
    args: ['node_modules/@biomejs/biome/bin/biome', 'check', '.'],
    floor: { pattern: /Checked (\d+) files/, least: 150 },
  },
  { name: 'types (tsc)', args: ['node_modules/typescript/bin/tsc', '--noEmit', '-p', '.'] },
  {
    name: 'rooms (dependency-cruiser)',
    args: [
      'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
      '--config',
      'e2e/tasks/rooms.cjs',
      'operator',
      'e2e',
    ],
    floor: { pattern: /(\d+) modules/, least: 150 },
  },
  { name: 'dead code (knip)', args: ['node_modules/knip/bin/knip.js', '--no-progress'] },
];
