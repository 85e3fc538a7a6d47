import type { CustomResource, Int32, Label, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /**
   * names are scalars.
   * @minItems 1
   * @maxItems 4
   * @listType set
   * @items.maxLength 63
   * @items.pattern ^[a-z]+$
   */
  readonly names: readonly string[];
  /**
   * ports are keyed by two fields, one of them with a default.
   * @maxItems 4
   * @listType map
   * @listKey port
   * @listKey protocol
   */
  readonly ports?: ReadonlyArray<Port>;
  /**
   * order has a meaning.
   * @maxItems 4
   * @listType atomic
   */
  readonly order?: Array<Label>;
}

/** Port is a port. */
export interface Port {
  /** port is its number. */
  readonly port: Int32;
  /**
   * protocol is its protocol.
   * @default "TCP"
   */
  readonly protocol?: 'TCP' | 'UDP';
}
