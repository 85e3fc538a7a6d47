import type { CustomResource, Label, Status } from '../../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Cluster
 * @storage
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /** name is a text. */
  readonly name: Label;
}
