import type { CustomResource, Label, Status } from '../../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Cluster
 * @conversion service=gpuopt namespace=gpuopt-system
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /** title is a text. */
  readonly title: Label;
}
