import { ApiTypeError } from '../errors.ts';
import type { Node } from '../model.ts';
import type { Step } from './walk.ts';

type Check = (step: Step) => string | undefined;

/** Each check answers with what to write instead. Without bounds the API server cannot estimate what a CEL rule costs. */
const checks: readonly Check[] = [
  describeField,
  boundString,
  boundNumber,
  boundList,
  keyList,
  boundMap,
  closeUnknown,
  orderBounds,
  declareNull,
  defaultOptional,
];

/** Refuses a type that lacks a bound or contradicts itself. */
export function checkBounds(step: Step): void {
  for (const check of checks) {
    const finding = check(step);
    if (finding) throw new ApiTypeError(step.node.at, `${step.path}: ${finding}`);
  }
}

function describeField({ field, node }: Step): string | undefined {
  if (field && node.description === '') return 'has no prose; say in a sentence what it is';
  return undefined;
}

/** Formats whose length the API server knows when it estimates a rule (k8s.io/apiserver pkg/cel/common). */
const SIZED_FORMATS: ReadonlySet<string> = new Set(['date', 'date-time']);

function boundString({ node }: Step): string | undefined {
  if (node.type !== 'string' || node.facets.maxLength !== undefined) return undefined;
  if (SIZED_FORMATS.has(node.facets.format ?? '')) return undefined;
  return 'a string needs @maxLength';
}

function boundNumber({ node, path }: Step): string | undefined {
  if (node.type !== 'number') return undefined;
  if (node.facets.format === 'double') {
    return path.startsWith('.spec') ? 'a float belongs into a status; write an integer in a smaller unit' : undefined;
  }
  return 'a plain number has no size; write Int32 or Int64, or @format double in a status';
}

function boundList({ node }: Step): string | undefined {
  if (node.type !== 'array') return undefined;
  if (node.facets.maxItems === undefined) return 'a list needs @maxItems';
  if (node.facets['x-kubernetes-list-type'] === undefined) return 'a list needs @listType map, set or atomic';
  return undefined;
}

function keyList({ node }: Step): string | undefined {
  const type = node.facets['x-kubernetes-list-type'];
  const keys = node.facets['x-kubernetes-list-map-keys'] ?? [];
  if (node.type !== 'array') return undefined;
  if (type !== 'map') return keys.length > 0 ? '@listKey goes with @listType map' : scalarSet(node, type);
  if (keys.length === 0) return '@listType map needs @listKey';
  const missing = keys.find((key) => !isKey(node.items, key));
  return missing && `@listKey ${missing} must be a required or defaulted field of the entries`;
}

function scalarSet(node: Node, type: string | undefined): string | undefined {
  return type === 'set' && node.items?.type === 'object'
    ? '@listType set is for scalars; write @listType map'
    : undefined;
}

function isKey(entries: Node | undefined, key: string): boolean {
  const field = entries?.fields?.find((candidate) => candidate.name === key);
  return field !== undefined && (!field.optional || field.node.facets.default !== undefined);
}

function boundMap({ node }: Step): string | undefined {
  if (node.type !== 'map' || node.facets.maxProperties !== undefined) return undefined;
  return 'a map needs @maxProps';
}

function closeUnknown({ node }: Step): string | undefined {
  const open = node.facets['x-kubernetes-preserve-unknown-fields'] ?? node.facets['x-kubernetes-embedded-resource'];
  if (node.type !== 'any' || open || node.extra) return undefined;
  return 'unknown needs @preserveUnknown; better is a shape';
}

const PAIRS = [
  ['minimum', 'maximum'],
  ['minLength', 'maxLength'],
  ['minItems', 'maxItems'],
  ['minProperties', 'maxProperties'],
] as const;

function orderBounds({ node: { facets } }: Step): string | undefined {
  const crossed = PAIRS.find(([least, most]) => (facets[least] ?? -Infinity) > (facets[most] ?? Infinity));
  return crossed && `${crossed[0]} is greater than ${crossed[1]}`;
}

function declareNull({ node }: Step): string | undefined {
  return node.acceptsNull && !node.facets.nullable ? '| null needs @nullable; better is an optional field' : undefined;
}

function defaultOptional({ node, field }: Step): string | undefined {
  if (!field || field.optional || node.facets.default === undefined) return undefined;
  return 'a required field cannot have @default; make it optional';
}
