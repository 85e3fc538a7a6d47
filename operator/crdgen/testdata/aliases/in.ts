import type { CustomResource, Label, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /**
   * port keeps the alias's format and adds its own bounds.
   * @min 1
   * @max 65535
   */
  readonly port?: Port;
  /** label keeps the alias's constraints. */
  readonly label: Label;
  /** plain is an alias without a brand: read as it is written, it keeps its tags. */
  readonly plain?: Plain;
}

/**
 * A port.
 * @format int32
 */
export type Port = number & { readonly __unit?: 'Port' };

/**
 * A short text.
 * @maxLength 10
 */
export type Plain = string;
