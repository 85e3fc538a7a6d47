import type { CustomResource, Int64, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /**
   * count is whole.
   * @int
   * @multipleOf 2
   */
  readonly count: number;
  /**
   * share lies strictly between.
   * @format int32
   * @exclusiveMin 0
   * @exclusiveMax 100
   */
  readonly share?: number;
  /** big is within what JSON keeps. */
  readonly big?: Int64;
}
