import type { Node, Rule } from '../model.ts';
import type { JsonSchema, ValidationRule } from '../schema.ts';

const TYPE: Readonly<Record<Node['type'], string | undefined>> = {
  string: 'string',
  enum: 'string',
  number: 'number',
  integer: 'integer',
  boolean: 'boolean',
  array: 'array',
  map: 'object',
  object: 'object',
  union: undefined,
  any: undefined,
  intOrString: undefined,
};

/** The structural schema of a type, its facets and rules included. */
export function toSchema(node: Node): JsonSchema {
  const type = TYPE[node.type];
  return {
    ...(node.description && { description: cut(node.description) }),
    ...(type && { type }),
    ...node.facets,
    ...(node.type === 'intOrString' && { anyOf: [{ type: 'integer' }, { type: 'string' }] }),
    ...(node.fields && objectParts(node)),
    ...(node.items && { items: toSchema(node.items) }),
    ...(node.values && { additionalProperties: toSchema(node.values) }),
    ...(node.rules.length > 0 && { 'x-kubernetes-validations': node.rules.map(asValidation) }),
    ...node.extra,
  };
}

function objectParts(node: Node): Pick<JsonSchema, 'properties' | 'required'> {
  const fields = node.fields ?? [];
  if (fields.length === 0) return {};
  const required = fields.filter((field) => !field.optional).map((field) => field.name);
  return {
    properties: Object.fromEntries(fields.map((field) => [field.name, toSchema(field.node)])),
    ...(required.length > 0 && { required: required.sort() }),
  };
}

function asValidation({ at: _at, ...rule }: Rule): ValidationRule {
  return rule;
}

/** Characters of a description; 1,000 fields of this length stay far below etcd's 1.5 MB for an object. */
const MAX_DESCRIPTION = 1000;

/** Cuts at the end of a sentence. */
function cut(text: string): string {
  if (text.length <= MAX_DESCRIPTION) return text;
  const head = text.slice(0, MAX_DESCRIPTION);
  const end = head.lastIndexOf('. ');
  return end > 0 ? head.slice(0, end + 1) : head;
}
