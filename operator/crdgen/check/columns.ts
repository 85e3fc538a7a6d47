import { ApiTypeError, type Location } from '../errors.ts';
import type { Node, Root } from '../model.ts';

/** A printer column or the scale with a wrong path stays empty without a word, so each path is followed here. */
export function checkColumns(root: Root): void {
  const { columns, scale, selectable } = root.tags;
  for (const { name, jsonPath, at } of columns) follow(root, `column ${name}:`, jsonPath, at);
  for (const { jsonPath, at } of selectable) follow(root, '@selectable', jsonPath, at);
  for (const path of [scale?.spec, scale?.status, scale?.selector]) {
    if (scale && path) follow(root, '@scale', path, scale.at);
  }
}

function follow(root: Root, what: string, path: string, at: Location): void {
  if (!resolves(root.object, path)) throw new ApiTypeError(at, `${what} ${path} leads to no field of ${root.kind}`);
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
