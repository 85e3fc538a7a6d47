import type { Node } from '../model.ts';
import { nothing, number, type SealedTag, tag, withFacets } from './tag.ts';

const NUMERIC = ['number', 'integer'] as const;

/** An integer with format and both bounds; int64 stays within what JSON.parse keeps exactly. */
export function asInteger(node: Node, format: 'int32' | 'int64'): Node {
  const [minimum, maximum] =
    format === 'int32' ? [-2147483648, 2147483647] : [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  return { ...node, type: 'integer', facets: { minimum, maximum, ...node.facets, format } };
}

/** Tags on numbers. */
export const numberTags: readonly SealedTag[] = [
  tag({
    name: 'int',
    allowedOn: NUMERIC,
    order: 0,
    parse: nothing,
    apply: (node) => asInteger(node, 'int64'),
    help: 'a whole number within ±(2⁵³−1)',
  }),
  tag({
    name: 'min',
    allowedOn: NUMERIC,
    order: 10,
    parse: number,
    apply: (node, minimum) => withFacets(node, { minimum }),
    help: 'the least value',
  }),
  tag({
    name: 'max',
    allowedOn: NUMERIC,
    order: 10,
    parse: number,
    apply: (node, maximum) => withFacets(node, { maximum }),
    help: 'the greatest value',
  }),
  tag({
    name: 'exclusiveMin',
    allowedOn: NUMERIC,
    order: 11,
    parse: number,
    apply: (node, minimum) => withFacets(node, { minimum, exclusiveMinimum: true }),
    help: 'values must be greater',
  }),
  tag({
    name: 'exclusiveMax',
    allowedOn: NUMERIC,
    order: 11,
    parse: number,
    apply: (node, maximum) => withFacets(node, { maximum, exclusiveMaximum: true }),
    help: 'values must be less',
  }),
  tag({
    name: 'multipleOf',
    allowedOn: NUMERIC,
    order: 10,
    parse: number,
    apply: (node, multipleOf) => withFacets(node, { multipleOf }),
    help: 'values are multiples of this',
  }),
];
