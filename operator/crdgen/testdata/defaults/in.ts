import type { CustomResource, Int32, Label, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /**
   * limits is filled, so its fields are too.
   * @default {}
   */
  readonly limits?: Limits;
  /** needs cannot be empty, so nothing has to make it. */
  readonly needs?: Needs;
}

/** Limits has defaults only. */
export interface Limits {
  /**
   * count has a default.
   * @min 1
   * @default 3
   * @example 5
   */
  readonly count?: Int32;
  /**
   * mode has a default.
   * @default "Auto"
   */
  readonly mode?: 'Auto' | 'Manual';
}

/** Needs has a required field. */
export interface Needs {
  /** name must be said. */
  readonly name: Label;
  /**
   * count has a default.
   * @default 3
   */
  readonly count?: Int32;
}
