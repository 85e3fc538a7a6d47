import { celField } from '../rewrite/cel.ts';
import type { Json, JsonSchema } from '../schema.ts';

/**
 * A value as a rule sees it: integers are big, times are dates, names of fields are escaped, unknown fields unseen.
 * Objects are maps, since a field may be called `constructor`.
 */
export function celValue(value: Json, schema: JsonSchema, root = false): unknown {
  if (value === null) return null;
  if (schema['x-kubernetes-int-or-string']) return typeof value === 'number' ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map((item: Json) => (schema.items ? celValue(item, schema.items) : item));
  if (typeof value === 'object') return objectValue(value as Readonly<Record<string, Json>>, schema, root);
  if (typeof value === 'number') return schema.type === 'integer' ? BigInt(value) : value;
  if (typeof value !== 'string') return value;
  return schema.format === 'date-time' || schema.format === 'date' ? new Date(value) : value;
}

function objectValue(value: Readonly<Record<string, Json>>, schema: JsonSchema, root: boolean): unknown {
  const { additionalProperties: values, properties = {} } = schema;
  if (typeof values === 'object') {
    return new Map(Object.entries(value).map(([key, child]) => [key, celValue(child, values)]));
  }
  const known = root ? { ...properties, ...META } : properties;
  return new Map(
    Object.entries(known).flatMap(([name, child]): [string, unknown][] => {
      const found = Object.hasOwn(value, name) ? value[name] : undefined;
      return found === undefined ? [] : [[celField(name), celValue(found, child)]];
    }),
  );
}

/** What a rule on a whole resource sees beside spec and status. */
const META: Readonly<Record<string, JsonSchema>> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } },
};
