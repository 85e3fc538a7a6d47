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
   * @maxItems 1000
   * @items.maxLength 1000
   * @listType atomic
   * @rule self.all(a, self.exists(b, a.contains(b))) -- entries must hold one another
   */
  readonly field: readonly string[];
}
