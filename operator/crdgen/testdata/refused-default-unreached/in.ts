import type { CustomResource, Int32, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /** field is optional and nothing makes it. */
  readonly field?: { 
    /**
     * size has a default.
     * @default 1
     */
    readonly size?: Int32 };
}
