import { Ajv, type AnySchemaObject, type ErrorObject, type FuncKeywordDefinition } from 'ajv';
import type { JsonSchema } from '../schema.ts';
import { FORMATS } from './formats.ts';

/** One thing wrong with a value; `path` is Kubernetes' way of writing it. */
export interface SchemaError {
  readonly path: string;
  readonly keyword: string;
  readonly text: string;
  readonly error: ErrorObject;
}

/** Checks a value and names everything wrong with it. */
export type SchemaCheck = (value: unknown) => readonly SchemaError[];

/** Keywords that say how the API server treats a value, and nothing about its validity. */
const SILENT = [
  'x-kubernetes-validations',
  'x-kubernetes-map-type',
  'x-kubernetes-int-or-string',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-list-map-keys',
  'example',
];

/** Compiles a structural schema; objects are closed, because ajv alone accepts what the server would drop. */
export function compileSchema(schema: JsonSchema): SchemaCheck {
  const ajv = new Ajv({ strict: true, strictTypes: false, allErrors: true, verbose: true, logger: false });
  for (const [name, validate] of Object.entries(FORMATS)) ajv.addFormat(name, { type: 'string', validate });
  for (const name of ['int32', 'int64', 'double']) ajv.addFormat(name, true);
  for (const keyword of SILENT) ajv.addKeyword({ keyword });
  ajv.addKeyword(LIST_TYPE);
  const validate = ajv.compile(close(schema));
  return (value) => {
    validate(value);
    return (validate.errors ?? []).map((error) => ({
      path: toPath(error.instancePath, value),
      keyword: error.keyword,
      text: error.message ?? error.keyword,
      error,
    }));
  };
}

/** Lists of type map have one entry for each key, sets have each value once. */
const LIST_TYPE: FuncKeywordDefinition = {
  keyword: 'x-kubernetes-list-type',
  type: 'array',
  errors: 'full',
  compile: (type: string, parent) => {
    const keys: readonly string[] = (parent as JsonSchema)['x-kubernetes-list-map-keys'] ?? [];
    const check: ReturnType<NonNullable<FuncKeywordDefinition['compile']>> = (items: readonly unknown[], context) => {
      if (type === 'atomic') return true;
      const seen = new Set<string>();
      const index = items.findIndex((item) => {
        const key = JSON.stringify(type === 'map' ? pick(item, keys) : item);
        return seen.size === seen.add(key).size;
      });
      if (index < 0) return true;
      check.errors = [
        {
          keyword: 'x-kubernetes-list-type',
          instancePath: `${context?.instancePath ?? ''}/${index}`,
          params: { duplicate: type === 'map' ? pick(items[index], keys) : items[index] },
          message: 'must not stand twice',
        },
      ];
      return false;
    };
    return check;
  },
};

function pick(item: unknown, keys: readonly string[]): Readonly<Record<string, unknown>> {
  const entries = Object.entries(item ?? {});
  return Object.fromEntries(entries.filter(([key]) => keys.includes(key)).sort());
}

function close(schema: JsonSchema): AnySchemaObject {
  const { exclusiveMinimum, exclusiveMaximum, nullable, format, anyOf, ...rest } = schema;
  const intOrString = schema['x-kubernetes-int-or-string'];
  const open = schema['x-kubernetes-preserve-unknown-fields'] ?? schema.additionalProperties;
  const bounds = {
    ...(exclusiveMinimum && { exclusiveMinimum: schema.minimum }),
    ...(exclusiveMaximum && { exclusiveMaximum: schema.maximum }),
  };
  const closed = {
    ...rest,
    ...(anyOf && !intOrString && { anyOf }),
    // One type error, as the API server has it, instead of one for each branch of anyOf.
    ...(intOrString && { type: ['integer', 'string'] }),
    ...(format && { format }),
    ...(nullable && { nullable }),
    ...(schema.properties && {
      properties: Object.fromEntries(Object.entries(schema.properties).map(([key, value]) => [key, close(value)])),
      ...(open === undefined && { additionalProperties: false }),
    }),
    ...(schema.items && { items: close(schema.items) }),
    ...(typeof schema.additionalProperties === 'object' && {
      additionalProperties: close(schema.additionalProperties),
    }),
  };
  return { ...closed, ...bounds };
}

/** `/spec/steps/0/name` → `spec.steps[0].name`; keys of maps stand in brackets as Kubernetes writes them. */
function toPath(pointer: string, value: unknown): string {
  const parts = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  let path = '';
  let here: unknown = value;
  for (const part of parts) {
    path += Array.isArray(here) || /[./]/.test(part) ? `[${part}]` : `${path && '.'}${part}`;
    here = (here as Readonly<Record<string, unknown>> | undefined)?.[part];
  }
  return path;
}
