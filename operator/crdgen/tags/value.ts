import { ApiTypeError } from '../errors.ts';
import { json, nothing, type SealedTag, tag, text, withFacets } from './tag.ts';

/** Tags on values of any type, and the ways out of the type system. */
export const valueTags: readonly SealedTag[] = [
  tag({
    name: 'default',
    allowedOn: 'all',
    order: 20,
    parse: json,
    apply: (node, value) => withFacets(node, { default: value }),
    help: 'the value of the field when it is left out, as JSON',
  }),
  tag({
    name: 'example',
    allowedOn: 'all',
    order: 20,
    parse: json,
    apply: (node, value) => withFacets(node, { example: value }),
    help: 'an example for readers, as JSON',
  }),
  tag({
    name: 'nullable',
    allowedOn: 'all',
    order: 20,
    parse: nothing,
    apply: (node, _value, at) => {
      if (!node.acceptsNull) throw new ApiTypeError(at, '@nullable needs a type with | null');
      if (node.type === 'enum') {
        throw new ApiTypeError(
          at,
          '@nullable does not go with an enum: the API server refuses null there, listed or not; make the field optional',
        );
      }
      return withFacets(node, { nullable: true });
    },
    help: 'null is accepted; the type says | null',
  }),
  tag({
    name: 'title',
    allowedOn: 'all',
    order: 20,
    parse: text,
    apply: (node, title) => withFacets(node, { title }),
    help: 'a title for readers',
  }),
  tag({
    name: 'deprecated',
    allowedOn: 'all',
    order: 20,
    parse: text,
    apply: (node, reason) => ({ ...node, description: `${node.description}\nDeprecated: ${reason}`.trim() }),
    help: 'the field is on its way out; the text says what to use',
  }),
  tag({
    name: 'preserveUnknown',
    allowedOn: ['any', 'object', 'map'],
    order: 0,
    parse: nothing,
    apply: (node) => withFacets(node, { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }),
    help: 'an object whose content the API server keeps without looking',
  }),
  tag({
    name: 'embedded',
    allowedOn: ['any', 'object'],
    order: 1,
    parse: nothing,
    apply: (node) => withFacets(node, { type: 'object', 'x-kubernetes-embedded-resource': true }),
    help: 'a whole Kubernetes object with apiVersion, kind and metadata',
  }),
  tag({
    name: 'schema',
    allowedOn: 'all',
    order: 99,
    parse: (payload, at) => {
      const value = json(payload);
      if (value === null || typeof value !== 'object' || Array.isArray(value)) {
        throw new ApiTypeError(at, '@schema needs a JSON object');
      }
      return value as { readonly [key: string]: typeof value };
    },
    apply: (node, extra) => ({ ...node, extra: { ...node.extra, ...extra } }),
    help: 'schema keywords by hand; they win over everything else',
  }),
];
