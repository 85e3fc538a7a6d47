import type { CustomResource, Int32, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/**
 * ThingSpec is what is wanted.
 * @rule self.min <= self.max -- min must not be greater than max
 * @rule {"rule": "self.max <= oldSelf.max", "messageExpression": "oldSelf.max > 100 ? 'max must not grow beyond 100' : 'max must not grow'", "reason": "FieldValueForbidden", "fieldPath": ".max"}
 */
export interface ThingSpec {
  /** min is the least. */
  readonly min: Int32;
  /** max is the most. */
  readonly max: Int32;
  /**
   * expression spans
   * two lines of prose.
   *
   * A paragraph of its own.
   * @maxLength 64
   * @rule self.startsWith('a') ||
   *   self.endsWith('z') -- expression must start with a or end with z
   */
  readonly expression?: string;
}
