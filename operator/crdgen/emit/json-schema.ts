import type { Root } from '../model.ts';
import type { Json, JsonSchema, ValidationRule } from '../schema.ts';
import { toSchema } from './schema.ts';

/** A schema of JSON Schema, draft 7, which editors and kubeconform read. */
export type Draft7 = { readonly [keyword: string]: Json | Draft7 | readonly Draft7[] };

const NAME = { type: 'string', maxLength: 253 } as const;
const WORDS: Draft7 = { type: 'object', additionalProperties: { type: 'string' } };

/** What people write into metadata; the rest of it is the API server's. */
const METADATA: Draft7 = {
  type: 'object',
  description: 'metadata names the object; see the reference of Kubernetes, ObjectMeta.',
  properties: { name: NAME, generateName: NAME, namespace: NAME, labels: WORDS, annotations: WORDS },
};

/**
 * The schema of one version of a kind for tools that know JSON Schema and not Kubernetes: closed objects, no extensions,
 * rules in CEL as prose.
 */
export function toJsonSchema({ group, version, kind, object }: Root): string {
  const { properties = {}, description = '', ...rest } = toSchema(object);
  const document: Draft7 = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `${kind} of ${group}/${version}`,
    ...translate({ ...rest, description, properties: { ...properties, metadata: { type: 'object' } } }),
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
  };
  const fields = {
    ...(document.properties as Draft7),
    apiVersion: { const: `${group}/${version}` },
    kind: { const: kind },
    metadata: METADATA,
  };
  return `${JSON.stringify({ ...document, properties: fields }, null, 2)}\n`;
}

/** Keywords that mean the same in both. */
const SHARED = [
  ...['title', 'default', 'minimum', 'maximum', 'multipleOf', 'minLength', 'maxLength', 'pattern'],
  ...['minItems', 'maxItems', 'minProperties', 'maxProperties', 'required'],
] as const;
/** Formats that JSON Schema knows; those of numbers are bounds already. */
const FORMATS: ReadonlySet<string> = new Set(['date', 'date-time', 'uuid', 'uri', 'ipv4', 'ipv6']);

function translate(schema: JsonSchema): Draft7 {
  const entries = Object.entries(schema).filter(([keyword]) => SHARED.some((known) => known === keyword));
  return {
    ...typeOf(schema),
    ...proseOf(schema),
    ...(Object.fromEntries(entries) as Draft7),
    ...limitsOf(schema),
    ...(schema.enum && { enum: schema.enum }),
    ...(schema.format && FORMATS.has(schema.format) && { format: schema.format }),
    ...(schema.example !== undefined && { examples: [schema.example] }),
    ...(schema['x-kubernetes-list-type'] === 'set' && { uniqueItems: true }),
    ...(schema.items && { items: translate(schema.items) }),
    ...fieldsOf(schema),
  };
}

function typeOf(schema: JsonSchema): Draft7 {
  if (schema['x-kubernetes-int-or-string']) return { type: ['integer', 'string'] };
  if (!schema.type) return {};
  return { type: schema.nullable ? [schema.type, 'null'] : schema.type };
}

function proseOf({ description, 'x-kubernetes-validations': rules = [] }: JsonSchema): Draft7 {
  const said = rules.map(({ message, rule }: ValidationRule) => `Rule: ${message ?? rule}.`);
  const text = [...(description ? [description] : []), ...said].join('\n');
  return text === '' ? {} : { description: text };
}

/** In draft 7 an exclusive bound is a number of its own. */
function limitsOf(schema: JsonSchema): Draft7 {
  return {
    ...(schema.exclusiveMinimum && schema.minimum !== undefined && { exclusiveMinimum: schema.minimum }),
    ...(schema.exclusiveMaximum && schema.maximum !== undefined && { exclusiveMaximum: schema.maximum }),
  };
}

function fieldsOf(schema: JsonSchema): Draft7 {
  const values = schema.additionalProperties;
  if (typeof values === 'object') return { additionalProperties: translate(values) };
  const fields = Object.entries(schema.properties ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const open = schema['x-kubernetes-preserve-unknown-fields'] ?? schema['x-kubernetes-embedded-resource'] ?? values;
  return {
    ...(fields.length > 0 && {
      properties: Object.fromEntries(fields.map(([name, child]) => [name, translate(child)])),
    }),
    ...(schema.type === 'object' && open === undefined && { additionalProperties: false }),
  };
}
