import type { CustomResource, Label, Status } from '../../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Cluster
 * @unserved
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /** title is what name was. */
  readonly title: Label;
}
