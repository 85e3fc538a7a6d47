import { celField } from '../rewrite/cel.ts';
import type { JsonSchema } from '../schema.ts';

/** A type of CEL as Kubernetes derives it from a schema (k8s.io/apiserver pkg/cel/common, SchemaDeclType). */
export interface CelType {
  readonly kind:
    | 'string'
    | 'bytes'
    | 'timestamp'
    | 'duration'
    | 'int'
    | 'double'
    | 'bool'
    | 'list'
    | 'map'
    | 'object'
    | 'dyn';
  /** The most characters, entries or bytes; 0 for a number, a boolean or an object, whose size is of no account. */
  readonly size: number;
  /** The fewest bytes of a value in JSON: how often an unbounded list or map can hold it in one request. */
  readonly least: number;
  /** Entries of a list or values of a map. */
  readonly elem?: CelType;
  /** True for a list that an expression makes. */
  readonly computed?: true;
  /** Fields of an object, by the name that CEL knows them by. */
  readonly fields?: ReadonlyMap<string, CelType>;
}

/** The greatest request that the API server reads (k8s.io/apiserver pkg/cel, DefaultMaxRequestSizeBytes). */
const MAX_REQUEST = 3 * 1024 * 1024;
/** Characters of a string that no limit binds: a whole request but its quotation marks. */
const UNBOUNDED = MAX_REQUEST - 2;
/** A character of a string with a limit may take so many bytes. */
const BYTES_PER_CHARACTER = 4;

const PLAIN = { size: 0, least: 1 } as const;

/** Types of values that a rule computes. */
export const scalar = {
  int: { kind: 'int', ...PLAIN },
  double: { kind: 'double', ...PLAIN },
  bool: { kind: 'bool', size: 0, least: 4 },
  string: { kind: 'string', size: UNBOUNDED, least: 2 },
  bytes: { kind: 'bytes', size: UNBOUNDED, least: 2 },
  timestamp: { kind: 'timestamp', size: 32, least: 21 },
  duration: { kind: 'duration', size: 32, least: 3 },
  dyn: { kind: 'dyn', size: UNBOUNDED, least: 1 },
} as const satisfies Readonly<Record<string, CelType>>;

/** The type of a schema; undefined for what CEL does not see. `root` adds what every resource has. */
export function celTypeOf(
  schema: JsonSchema,
  root = schema['x-kubernetes-embedded-resource'] === true,
): CelType | undefined {
  if (schema['x-kubernetes-int-or-string']) return { ...scalar.dyn, size: bytesOf(schema) };
  switch (root ? 'object' : schema.type) {
    case 'array':
      return listType(schema);
    case 'object':
      return typeof schema.additionalProperties === 'object' ? mapType(schema) : objectType(schema, root);
    case 'string':
      return stringType(schema);
    case 'boolean':
      return scalar.bool;
    case 'number':
      return scalar.double;
    case 'integer':
      return scalar.int;
    default:
      return undefined;
  }
}

function listType({ items, maxItems }: JsonSchema): CelType | undefined {
  const elem = items && celTypeOf(items);
  if (!elem) return undefined;
  return { kind: 'list', size: maxItems ?? Math.floor(UNBOUNDED / (elem.least + 1)), least: 2, elem };
}

function mapType({ additionalProperties, maxProperties }: JsonSchema): CelType | undefined {
  const elem = typeof additionalProperties === 'object' ? celTypeOf(additionalProperties) : undefined;
  if (!elem) return undefined;
  return { kind: 'map', size: maxProperties ?? Math.floor(UNBOUNDED / (elem.least + 6)), least: 2, elem };
}

function objectType({ properties = {}, required = [] }: JsonSchema, root: boolean): CelType {
  const fields = new Map<string, CelType>();
  let least = 2;
  for (const [name, property] of Object.entries(root ? { ...properties, ...META } : properties)) {
    const type = celTypeOf(property);
    if (!type) continue;
    fields.set(celField(name), type);
    if (required.includes(name) && property.default === undefined) least += name.length + type.least + 4;
  }
  return { kind: 'object', size: 0, least, fields };
}

const META: Readonly<Record<string, JsonSchema>> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } },
};

function stringType(schema: JsonSchema): CelType {
  switch (schema.format) {
    case 'byte':
      return { ...scalar.bytes, size: schema.maxLength ?? UNBOUNDED };
    case 'duration':
      return scalar.duration;
    case 'date':
      return { kind: 'timestamp', size: 12, least: 12 };
    case 'date-time':
      return scalar.timestamp;
    default:
      return { ...scalar.string, size: bytesOf(schema) };
  }
}

function bytesOf({ maxLength, enum: values }: JsonSchema): number {
  if (maxLength !== undefined) return maxLength * BYTES_PER_CHARACTER;
  return values ? Math.max(...values.map((value) => Buffer.byteLength(value))) : UNBOUNDED;
}
