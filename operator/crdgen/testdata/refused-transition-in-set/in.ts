import type { CustomResource, Label, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /**
   * field is a field.
   * @maxItems 3
   * @listType atomic
   */
  readonly field: readonly Entry[];
}

/**
 * Entry is an entry.
 * @rule self.name == oldSelf.name -- name is immutable
 */
export interface Entry {
  /** name is a name. */
  readonly name: Label;
}
