import type { CustomResource, IntOrString, Quantity, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /** memory is a quantity. */
  readonly memory: Quantity;
  /** port is a number or a name. */
  readonly port?: IntOrString;
}
