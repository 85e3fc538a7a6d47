import type { CustomResource, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /**
   * field is a field.
   */
  readonly field: Tree;
}

/** Tree is a tree. */
export interface Tree {
  /**
   * children are more of it.
   * @maxItems 2
   * @listType atomic
   */
  readonly children: readonly Branch[];
}

/** Branch is a branch. */
export interface Branch {
  /** tree is a tree. */
  readonly tree?: Tree;
}
