import type { CustomResource, Label, Status } from '../../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Cluster
 * @storage
 * @conversion service=gpuopt namespace=gpuopt-system port=8443
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /** name is a text. */
  readonly name: Label;
}
