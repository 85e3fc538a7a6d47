import type { CustomResource, Label, Status } from '../../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Cluster
 * @deprecatedVersion use v1; it says name instead of title
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /** title is a text. */
  readonly title: Label;
}
