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
   * @items.maxLength 10
   * @listType atomic
   * @rule self.all(a, self.all(b, a == b)) -- rule 1
   * @rule self.all(a, self.all(b, a == b)) -- rule 2
   * @rule self.all(a, self.all(b, a == b)) -- rule 3
   * @rule self.all(a, self.all(b, a == b)) -- rule 4
   * @rule self.all(a, self.all(b, a == b)) -- rule 5
   * @rule self.all(a, self.all(b, a == b)) -- rule 6
   * @rule self.all(a, self.all(b, a == b)) -- rule 7
   * @rule self.all(a, self.all(b, a == b)) -- rule 8
   * @rule self.all(a, self.all(b, a == b)) -- rule 9
   * @rule self.all(a, self.all(b, a == b)) -- rule 10
   * @rule self.all(a, self.all(b, a == b)) -- rule 11
   * @rule self.all(a, self.all(b, a == b)) -- rule 12
   */
  readonly field: readonly string[];
}
