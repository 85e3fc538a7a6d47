import type { CustomResource, Int64, Label } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, ThingStatus> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /** field is a field. */
  readonly field: Label;
}

/** ThingStatus is what was found. */
export interface ThingStatus {
  /**
   * observedGeneration is the generation that was seen.
   * @min -1
   */
  readonly observedGeneration?: Int64;
  /**
   * load is a share.
   * @format double
   */
  readonly load?: number;
}
