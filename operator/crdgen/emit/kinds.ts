import type { Root } from '../model.ts';
import { header } from './yaml.ts';

/** The TypeScript file with one kind token for each root of a version. */
export function toKinds(roots: readonly Root[], fileOf: (root: Root) => string): string {
  const version = roots[0]?.version ?? '';
  return [
    header('//', `the types of ${version}`),
    "import type { KindToken } from '../common.ts';",
    "import { group } from '../group.ts';",
    ...roots.map((root) => `import type { ${root.kind} as ${root.kind}Object } from './${fileOf(root)}';`),
    '',
    `const version = '${version}';`,
    ...roots.map(toToken),
    '',
  ].join('\n');
}

function toToken({ kind, resource }: Root): string {
  return `
/** The kind ${kind}. */
export const ${kind}: KindToken<${kind}Object> = {
  group,
  version,
  kind: '${kind}',
  plural: '${resource.plural}',
  scope: '${resource.scope}',
};`;
}
