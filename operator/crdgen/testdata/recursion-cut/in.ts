import type { CustomResource, Label, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /** tree is a tree. */
  readonly tree: Tree;
}

/** Tree is a node with more of its kind below. */
export interface Tree {
  /** name is its name. */
  readonly name: Label;
  /**
   * left is kept without looking.
   * @preserveUnknown
   */
  readonly left?: Tree;
}
