import type { Location } from './errors.ts';
import type { Facets, Json, ValidationRule } from './schema.ts';

/** What a type is, before it is a schema. `map` and `any` are objects of their own kind; `union` is rewritten away. */
export type NodeType =
  | 'string'
  | 'enum'
  | 'number'
  | 'integer'
  | 'boolean'
  | 'intOrString'
  | 'array'
  | 'map'
  | 'object'
  | 'union'
  | 'any';

/** A rule with the place it was written at. */
export interface Rule extends ValidationRule {
  readonly at: Location;
}

/** One type as read from the source: children by type, constraints as facets. */
export interface Node {
  readonly at: Location;
  readonly type: NodeType;
  readonly description: string;
  readonly facets: Facets;
  readonly rules: readonly Rule[];
  /** Schema keywords written by hand with `@schema`; they win. */
  readonly extra?: { readonly [key: string]: Json };
  readonly immutable?: Location;
  /** True when the type is `T | null`. */
  readonly acceptsNull?: boolean;
  readonly fields?: readonly Field[];
  readonly items?: Node;
  readonly values?: Node;
  readonly union?: Union;
}

/** A property of an object. */
export interface Field {
  readonly name: string;
  readonly optional: boolean;
  /** True when a rule decides about its presence: the member of a discriminated union. */
  readonly member?: boolean;
  readonly node: Node;
}

/** A discriminated union: which property tells the variants apart, and the variants in source order. */
export interface Union {
  readonly discriminator: string;
  readonly variants: readonly Variant[];
}

/** One variant: the discriminator's value and the other properties. */
export interface Variant {
  readonly value: string;
  readonly at: Location;
  readonly fields: readonly Field[];
}

/** One printer column. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  readonly description?: string;
  readonly format?: string;
  readonly priority?: number;
  readonly at: Location;
}

/** Names and scope of a resource. */
export interface Resource {
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly scope: 'Namespaced' | 'Cluster';
}

/** A field that objects can be selected by. */
export interface Selectable {
  readonly jsonPath: string;
  readonly at: Location;
}

/** The scale subresource. */
export interface Scale {
  readonly at: Location;
  readonly spec: string;
  readonly status: string;
  readonly selector?: string;
}

/** The Service that converts between versions. */
export interface Conversion {
  readonly service: string;
  readonly namespace: string;
  readonly port?: number;
}

/** One value that a condition may have, with the reason that the object states for it. */
export interface ConditionDoc {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly meaning: string;
  readonly at: Location;
}

/** One event that is told of an object, or of what it is about. */
export interface EventDoc {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly meaning: string;
  readonly at: Location;
}

/** What a kind says about itself beside its fields. */
export interface Reports {
  readonly conditions: readonly ConditionDoc[];
  readonly events: readonly EventDoc[];
}

/** What the tags of a root say. */
export interface RootTags extends Reports {
  readonly resource?: Resource;
  readonly columns: readonly Column[];
  readonly scale?: Scale;
  readonly selectable: readonly Selectable[];
  readonly storage: boolean;
  readonly served: boolean;
  readonly deprecation?: string;
  readonly conversion?: Conversion;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** One version of one kind, as declared by one interface. */
export interface Root {
  readonly at: Location;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly resource: Resource;
  readonly tags: RootTags;
  /** What every kind reports: the tags of the base that the roots extend. */
  readonly shared: Reports;
  /** The whole object: apiVersion, kind, metadata, spec, status. */
  readonly object: Node;
}
