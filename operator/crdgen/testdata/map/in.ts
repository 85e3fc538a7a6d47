import type { CustomResource, Label, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /**
   * labels are labels.
   * @minProps 1
   * @maxProps 8
   * @keys ^[a-z]+$
   * @mapType atomic
   */
  readonly labels: Readonly<Record<string, Label>>;
}
