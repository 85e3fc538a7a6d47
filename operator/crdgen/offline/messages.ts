import type { SchemaError } from './ajv.ts';

/** Says what is wrong in the words of the API server, so that an error can be searched for in either form. */
type Wording = (error: SchemaError, value: string) => string;

/** Wordings: k8s.io/kube-openapi pkg/validation/errors, and k8s.io/apimachinery pkg/util/validation/field. */
const WORDINGS: Readonly<Record<string, Wording>> = {
  required: () => 'Required value',
  enum: ({ error }, value) => `Unsupported value: ${value}: supported values: ${quoted(error.params.allowedValues)}`,
  minimum: inBody(({ error }) => `should be greater than or equal to ${error.params.limit}`),
  maximum: inBody(({ error }) => `should be less than or equal to ${error.params.limit}`),
  exclusiveMinimum: inBody(({ error }) => `should be greater than ${error.params.limit}`),
  exclusiveMaximum: inBody(({ error }) => `should be less than ${error.params.limit}`),
  multipleOf: inBody(({ error }) => `should be a multiple of ${error.params.multipleOf}`),
  pattern: inBody(({ error }) => `should match '${error.params.pattern}'`),
  minLength: inBody(({ error }) => `should be at least ${error.params.limit} chars long`),
  maxLength: ({ error }) => `Too long: may not be more than ${error.params.limit} bytes`,
  minItems: ({ path, error }) =>
    `Invalid value: ${sizeOf(error.data)}: ${path} in body should have at least ${error.params.limit} items`,
  maxItems: ({ error }) => `Too many: ${sizeOf(error.data)}: must have at most ${error.params.limit} items`,
  minProperties: inBody(({ error }) => `should have at least ${error.params.limit} properties`),
  maxProperties: ({ error }) => `Too many: ${sizeOf(error.data)}: must have at most ${error.params.limit} items`,
  type: wrongType,
  format: inBody(({ error }) => `must be of type ${error.params.format}: ${JSON.stringify(error.data)}`),
  'x-kubernetes-list-type': ({ error }) => `Duplicate value: ${JSON.stringify(error.params.duplicate)}`,
};

/** The path and the sentence for one error. */
export function wordingOf(found: SchemaError): { readonly path: string; readonly message: string } {
  const { error } = found;
  if (error.keyword === 'additionalProperties') {
    const path = join(found.path, String(error.params.additionalProperty));
    return { path, message: `unknown field "${path}"` };
  }
  const path = error.keyword === 'required' ? join(found.path, String(error.params.missingProperty)) : found.path;
  const wording = WORDINGS[error.keyword];
  const sentence = wording ? wording(found, JSON.stringify(error.data)) : `Invalid value: ${found.text}`;
  return { path, message: `${path}: ${sentence}` };
}

/** A fraction where an integer belongs is reported with Go's names of both types. */
function wrongType({ path, error }: SchemaError): string {
  const fraction = typeof error.data === 'number' && error.params.type === 'integer';
  const wanted = fraction ? (error.parentSchema?.format ?? 'integer') : error.params.type;
  const found = fraction ? 'float64' : nameOfType(error.data);
  return `Invalid value: "${found}": ${path} in body must be of type ${wanted}: "${found}"`;
}

function inBody(rest: (error: SchemaError) => string): Wording {
  return (error, value) => `Invalid value: ${value}: ${error.path} in body ${rest(error)}`;
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function quoted(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(', ');
}

function sizeOf(value: unknown): number {
  return Array.isArray(value) ? value.length : Object.keys(value ?? {}).length;
}

function nameOfType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}
