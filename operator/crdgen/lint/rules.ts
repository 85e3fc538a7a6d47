import type { Crd, CrdVersion } from '../crd.ts';
import { complaintOf } from '../pattern/index.ts';
import type { JsonSchema } from '../schema.ts';

/** A property, or the entries of a list or map, and where it stands. */
export interface Place {
  readonly path: string;
  /** The property's name; empty for entries. */
  readonly name: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

/** Says what is wrong with a place, or nothing. */
export type PlaceRule = (place: Place) => string | undefined;

const INT_BOUNDS: Readonly<Record<string, number>> = { int32: 2 ** 31, int64: Number.MAX_SAFE_INTEGER };
const GO_DURATION = /\(\[?0-9.*(ms|us|ns|\[smh\])/;
const WORD = /^[A-Z][A-Za-z0-9]*$/;

/** Rules of kubernetes-sigs/kube-api-linter under their names there, then ours, over one place of the schema. */
export const placeRules: Readonly<Record<string, PlaceRule>> = {
  commentstart: ({ name, schema }) => (name && !schema.description ? 'has no description' : undefined),
  nophase: ({ name }) => (/^phase$/i.test(name) ? 'is a phase; write a condition' : undefined),
  nobools: ({ schema }) => (schema.type === 'boolean' ? 'is a boolean; an enum says more' : undefined),
  nofloats: ({ schema }) => (schema.type === 'number' ? 'is a float' : undefined),
  nomaps: ({ schema }) => (schema.additionalProperties ? 'is a map; write a list of named objects' : undefined),
  nonullable: ({ schema }) => (schema.nullable ? 'is nullable; make it optional' : undefined),
  notimestamp: ({ name }) => (/timestamp/i.test(name) ? 'is called Timestamp; names of times end in Time' : undefined),
  nodurations: ({ schema }) =>
    schema.format === 'duration' || GO_DURATION.test(schema.pattern ?? '')
      ? 'is a duration string; write an integer with its unit in the name'
      : undefined,
  integers: ({ schema }) => (schema.type === 'integer' ? boundedInteger(schema) : undefined),
  maxlength: ({ schema }) => unbounded(schema),
  ssatags: ({ schema }) => listTags(schema),
  conflictingmarkers: ({ required, schema }) =>
    required && schema.default !== undefined ? 'is both required and defaulted' : undefined,
  references: ({ name, schema }) => wrongReference(name, schema),
  enums: ({ schema }) => {
    const wrong = schema.enum?.find((value) => !WORD.test(value));
    return wrong === undefined ? undefined : `has the value ${wrong}, which is not PascalCase`;
  },
  patterns: ({ schema }) => (schema.pattern === undefined ? undefined : complaintOf(schema.pattern)),
  timenames: ({ name, schema }) =>
    name && schema.format === 'date-time' && !name.endsWith('Time')
      ? 'is a time whose name does not end in Time'
      : undefined,
};

/** A reference names one object, or its name alone where the kind is fixed by the field; several are a list. */
function wrongReference(name: string, { type, properties }: JsonSchema): string | undefined {
  if (/Refs$/.test(name)) return type === 'array' ? undefined : 'is called Refs and is no list';
  if (!/Ref$/.test(name)) return undefined;
  return properties?.name ? undefined : 'is called Ref and has no name';
}

function boundedInteger({ format, minimum, maximum }: JsonSchema): string | undefined {
  const bound = INT_BOUNDS[format ?? ''];
  if (bound === undefined) return 'has no format int32 or int64';
  if (minimum === undefined || maximum === undefined) return 'lacks a bound';
  return Math.max(-minimum, maximum) > bound ? `exceeds ${format}` : undefined;
}

function unbounded(schema: JsonSchema): string | undefined {
  const free = schema.type === 'string' && !schema.enum && schema.format !== 'date-time';
  if (free && schema.maxLength === undefined) return 'is a string without maxLength';
  if (schema.type === 'array' && schema.maxItems === undefined) return 'is a list without maxItems';
  if (schema.additionalProperties && schema.maxProperties === undefined) return 'is a map without maxProperties';
  return undefined;
}

function listTags(schema: JsonSchema): string | undefined {
  if (schema.type !== 'array') return undefined;
  const type = schema['x-kubernetes-list-type'];
  if (!type) return 'has no list type';
  if (schema.items?.type === 'object' && type === 'set') return 'is a set of objects';
  return type === 'map' && !schema['x-kubernetes-list-map-keys']?.length ? 'is a map list without keys' : undefined;
}

/** Rules over a whole version. */
export const versionRules: Readonly<Record<string, (version: CrdVersion) => string | undefined>> = {
  statussubresource: ({ subresources }) => (subresources?.status ? undefined : 'has no status subresource'),
  statusoptional: ({ schema }) => {
    const required = schema.openAPIV3Schema.properties?.status?.required ?? [];
    return required.length > 0 ? `requires ${required.join(', ')} in status` : undefined;
  },
  statusdefault: ({ schema }) => {
    const found = JSON.stringify(schema.openAPIV3Schema.properties?.status?.default);
    return found === '{"observedGeneration":-1}' ? undefined : `has ${found} as the default of status`;
  },
  conditions: ({ schema }) => {
    const conditions = schema.openAPIV3Schema.properties?.status?.properties?.conditions;
    const keyed = conditions?.['x-kubernetes-list-map-keys']?.join() === 'type';
    const reason = conditions?.items?.required?.includes('reason');
    return keyed && reason ? undefined : 'has no conditions keyed by type with a required reason';
  },
};

const READY = '.status.conditions[?(@.type=="Ready")]';
const COLUMNS = [`${READY}.status`, `${READY}.reason`, '.metadata.creationTimestamp'];

/** Rules over a whole definition. */
export const crdRules: Readonly<Record<string, (crd: Crd) => string | undefined>> = {
  category: ({ spec }) =>
    spec.names.categories?.join() === 'gpuopt' ? undefined : 'is not in the category gpuopt alone',
  kindname: ({ spec }) =>
    /Controller$|s$/.test(spec.names.kind) || !WORD.test(spec.names.kind)
      ? 'is no singular noun in PascalCase'
      : undefined,
  columns: ({ spec }) => spec.versions.map(missingColumn).find((missing) => missing !== undefined),
  conversion: ({ spec }) => (spec.versions.length === 1 && spec.conversion ? 'converts its only version' : undefined),
};

function missingColumn({ additionalPrinterColumns: columns = [] }: CrdVersion): string | undefined {
  const missing = COLUMNS.find((path) => !columns.some(({ jsonPath, priority }) => jsonPath === path && !priority));
  if (missing) return `shows no column ${missing}`;
  return columns.some(({ priority }) => priority === 1) ? undefined : 'shows no sentence at priority 1';
}

/** Every place of spec and status; what belongs to the API server is left out. */
export function* placesOf(version: CrdVersion): Generator<Place> {
  const { properties = {}, required = [] } = version.schema.openAPIV3Schema;
  for (const name of ['spec', 'status']) {
    const schema = properties[name];
    if (schema) yield* inside({ path: name, name, schema, required: required.includes(name) && name !== 'status' });
  }
}

function* inside(place: Place): Generator<Place> {
  yield place;
  const { path, schema } = place;
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const required = schema.required?.includes(name) ?? false;
    yield* inside({ path: `${path}.${name}`, name, schema: child, required });
  }
  if (schema.items) yield* inside({ path: `${path}[]`, name: '', schema: schema.items, required: false });
  if (typeof schema.additionalProperties === 'object') {
    yield* inside({ path: `${path}{}`, name: '', schema: schema.additionalProperties, required: false });
  }
}
