import type { Json, JsonSchema } from '../schema.ts';

type Fields = Readonly<Record<string, Json>>;

/**
 * What the API server makes of an object before it looks whether it is valid: nulls where none may be are dropped, then
 * defaults are filled in (k8s.io/apiextensions-apiserver pkg/apiserver/schema/defaulting). Returns a copy.
 */
export function prepare(value: Json, schema: JsonSchema | undefined): Json {
  if (!schema || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => prepare(nullToDefault(item, schema.items), schema.items));
  const filled = { ...withoutNulls(value as Fields, schema), ...defaultsOf(value as Fields, schema) };
  return Object.fromEntries(
    Object.entries(filled).map(([name, child]) => [name, prepare(child, childOf(schema, name))]),
  );
}

function childOf({ properties, additionalProperties }: JsonSchema, name: string): JsonSchema | undefined {
  const known = properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
  return known ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
}

function withoutNulls(value: Fields, schema: JsonSchema): Fields {
  const kept = Object.entries(value).filter(([name, child]) => {
    const type = childOf(schema, name);
    return child !== null || !type || type.nullable || type.default !== undefined;
  });
  return Object.fromEntries(kept.map(([name, child]) => [name, nullToDefault(child, childOf(schema, name))]));
}

function nullToDefault(value: Json, schema: JsonSchema | undefined): Json {
  return value === null && schema?.default !== undefined && !schema.nullable ? schema.default : value;
}

function defaultsOf(value: Fields, { properties = {} }: JsonSchema): Fields {
  const missing = Object.entries(properties).flatMap(([name, child]): [string, Json][] =>
    child.default !== undefined && !Object.hasOwn(value, name) ? [[name, child.default]] : [],
  );
  return Object.fromEntries(missing);
}
