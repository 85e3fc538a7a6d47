import type { CustomResource, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /**
   * glob ends a comment: the star and the slash are written with a backslash between.
   * @maxLength 64
   * @pattern ^[a-z]*\/[0-9]{1,3}$
   */
  readonly glob: string;
}
