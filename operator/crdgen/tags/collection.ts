import { ApiTypeError } from '../errors.ts';
import { complaintOf } from '../pattern/index.ts';
import { celString } from '../rewrite/cel.ts';
import { count, oneOf, type SealedTag, tag, text, withFacets } from './tag.ts';

/** Tags on lists and maps: sizes, and how server-side apply merges them. */
export const collectionTags: readonly SealedTag[] = [
  tag({
    name: 'minItems',
    allowedOn: ['array'],
    order: 10,
    parse: count,
    apply: (node, minItems) => withFacets(node, { minItems }),
    help: 'the least number of entries',
  }),
  tag({
    name: 'maxItems',
    allowedOn: ['array'],
    order: 10,
    parse: count,
    apply: (node, maxItems) => withFacets(node, { maxItems }),
    help: 'the greatest number of entries; every list needs it',
  }),
  tag({
    name: 'listType',
    allowedOn: ['array'],
    order: 10,
    parse: oneOf('map', 'set', 'atomic'),
    apply: (node, type: string) => withFacets(node, { 'x-kubernetes-list-type': type }),
    help: 'map with @listKey, set, or atomic when order has a meaning; every list needs it',
  }),
  tag({
    name: 'listKey',
    allowedOn: ['array'],
    order: 11,
    repeatable: true,
    parse: text,
    apply: (node, key) =>
      withFacets(node, {
        'x-kubernetes-list-map-keys': [...(node.facets['x-kubernetes-list-map-keys'] ?? []), key],
      }),
    help: 'a key field of a list of type map; may be repeated',
  }),
  tag({
    name: 'minProps',
    allowedOn: ['map'],
    order: 10,
    parse: count,
    apply: (node, minProperties) => withFacets(node, { minProperties }),
    help: 'the least number of entries',
  }),
  tag({
    name: 'maxProps',
    allowedOn: ['map'],
    order: 10,
    parse: count,
    apply: (node, maxProperties) => withFacets(node, { maxProperties }),
    help: 'the greatest number of entries; every map needs it',
  }),
  tag({
    name: 'keys',
    allowedOn: ['map'],
    order: 20,
    parse: (payload, at) => {
      const complaint = complaintOf(payload);
      if (complaint) throw new ApiTypeError(at, `@keys ${payload} ${complaint}`);
      return text(payload);
    },
    apply: (node, pattern, at) => ({
      ...node,
      rules: [
        ...node.rules,
        { rule: `self.all(k, k.matches(${celString(pattern)}))`, message: `keys must match ${pattern}`, at },
      ],
    }),
    help: 'a regular expression that every key matches',
  }),
  tag({
    name: 'mapType',
    allowedOn: ['map'],
    order: 10,
    parse: oneOf('atomic', 'granular'),
    apply: (node, type: string) => withFacets(node, { 'x-kubernetes-map-type': type }),
    help: 'atomic: server-side apply replaces the map as a whole',
  }),
  tag({
    name: 'structType',
    allowedOn: ['object'],
    order: 10,
    parse: oneOf('atomic', 'granular'),
    apply: (node, type: string) => withFacets(node, { 'x-kubernetes-map-type': type }),
    help: 'atomic: server-side apply replaces the object as a whole',
  }),
];
