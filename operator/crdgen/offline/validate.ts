import schemas from '../generated/schemas.json' with { type: 'json' };
import type { JsonSchema } from '../schema.ts';
import { compileSchema, type SchemaCheck } from './ajv.ts';
import { wordingOf } from './messages.ts';

/** One thing wrong with an object: where, what, and the rule that says so. */
export interface Finding {
  readonly path: string;
  readonly message: string;
  readonly rule: string;
}

const known: Readonly<Record<string, JsonSchema>> = schemas;
const compiled = new Map<string, SchemaCheck>();

/**
 * Checks one custom resource without a cluster: types, bounds, enums, patterns, unknown fields, doubled list entries.
 * CEL rules are left to the API server; `countClusterRules` says how many.
 */
export function validateOffline(object: unknown): readonly Finding[] {
  const key = keyOf(object);
  const schema = known[key];
  if (!schema) {
    const kinds = Object.keys(known).join(', ');
    return [{ path: 'kind', message: `kind: ${key} is not a kind of this project; known are ${kinds}`, rule: 'kind' }];
  }
  const check = compiled.get(key) ?? compileSchema(schema);
  compiled.set(key, check);
  return check(object).map((error) => ({ ...wordingOf(error), rule: error.keyword }));
}

/** How many CEL rules of this kind only the cluster checks; 0 for a kind that is not ours. */
export function countClusterRules(object: unknown): number {
  const schema = known[keyOf(object)];
  return schema ? countRules(schema) : 0;
}

function countRules(schema: JsonSchema): number {
  const inside = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.items ? [schema.items] : []),
    ...(typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []),
  ];
  return inside.reduce((sum, child) => sum + countRules(child), schema['x-kubernetes-validations']?.length ?? 0);
}

function keyOf(object: unknown): string {
  const { apiVersion = '', kind = '' } = (object ?? {}) as { readonly apiVersion?: string; readonly kind?: string };
  return `${apiVersion}/${kind}`;
}
