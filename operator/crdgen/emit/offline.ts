import type { Root } from '../model.ts';
import type { JsonSchema } from '../schema.ts';
import { toSchema } from './schema.ts';

/** Schemas by `group/version/Kind` for checks without a cluster; prose is left out, it is of no use there. */
export function toOfflineSchemas(roots: readonly Root[]): string {
  const schemas = roots.map((root) => [
    `${root.group}/${root.version}/${root.kind}`,
    toOfflineSchema(toSchema(root.object)),
  ]);
  return `${JSON.stringify(Object.fromEntries(schemas), null, 2)}\n`;
}

/** The schema of a whole resource; metadata is the API server's, so that only its name is looked at. */
export function toOfflineSchema(schema: JsonSchema): JsonSchema {
  const { properties, required = [], ...rest } = withoutProse(schema);
  const name: JsonSchema = {
    type: 'string',
    maxLength: 253,
    pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
  };
  const metadata: JsonSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { name } };
  return { ...rest, properties: { ...properties, metadata }, required: [...required, 'metadata'].sort() };
}

function withoutProse(schema: JsonSchema): JsonSchema {
  const { description: _description, title: _title, example: _example, ...rest } = schema;
  return {
    ...rest,
    ...(schema.properties && {
      properties: Object.fromEntries(
        Object.entries(schema.properties)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, value]) => [key, withoutProse(value)]),
      ),
    }),
    ...(schema.items && { items: withoutProse(schema.items) }),
    ...(typeof schema.additionalProperties === 'object' && {
      additionalProperties: withoutProse(schema.additionalProperties),
    }),
  };
}
