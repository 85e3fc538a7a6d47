import { ApiTypeError } from '../errors.ts';
import type { Node } from '../model.ts';
import type { Step } from './walk.ts';

/** The API server finds the old value of an entry only in maps and keyed lists; elsewhere it refuses transition rules. */
export function checkCorrelation({ node, path, ancestors }: Step): void {
  const rule = node.rules.find((candidate) => /\boldSelf\b/.test(candidate.rule));
  if (!rule || !ancestors.some(loses)) return;
  throw new ApiTypeError(
    rule.at,
    `${path}: oldSelf cannot be found inside a set or an atomic list or object; use @listType map, or put the rule above`,
  );
}

function loses(node: Node): boolean {
  const listType = node.facets['x-kubernetes-list-type'];
  if (node.type === 'array') return listType !== 'map';
  return node.facets['x-kubernetes-map-type'] === 'atomic';
}
