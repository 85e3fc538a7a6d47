import { ApiTypeError } from '../errors.ts';
import type { Node, Root } from '../model.ts';

/** A printer column or scale with a wrong path stays empty without a word, so each path is followed here. */
export function checkColumns(root: Root): void {
  for (const column of root.tags.columns) {
    if (!resolves(root.object, column.jsonPath)) {
      throw new ApiTypeError(column.at, `column ${column.name}: ${column.jsonPath} leads to no field of ${root.kind}`);
    }
  }
  const { spec, status, selector } = root.tags.scale ?? {};
  for (const path of [spec, status, selector].filter((one) => one !== undefined)) {
    if (!resolves(root.object, path))
      throw new ApiTypeError(root.at, `@scale ${path} leads to no field of ${root.kind}`);
  }
  for (const path of root.tags.selectable) {
    if (!resolves(root.object, path)) throw new ApiTypeError(root.at, `@selectable ${path} leads to no field`);
  }
}

function resolves(root: Node, path: string): boolean {
  const names = path
    .replace(/\[[^\]]*\]/g, '[]')
    .split('.')
    .filter((part) => part !== '');
  if (!path.startsWith('.') || names.length === 0) return false;
  if (names[0] === 'metadata') return true;
  return names.reduce<Node | undefined>(descend, root) !== undefined;
}

function descend(node: Node | undefined, part: string): Node | undefined {
  const name = part.replace('[]', '');
  const found = node?.values ?? node?.fields?.find((field) => field.name === name)?.node;
  return part.endsWith('[]') ? found?.items : found;
}
