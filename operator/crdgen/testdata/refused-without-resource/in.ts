import type { CustomResource, Status } from '../common.ts';

/**
 * Thing is a fixture.
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /** mode says how; the order is that of the source. */
  readonly mode: 'Slow' | 'Fast' | 'Auto';
  /** only has one value. */
  readonly only?: 'One';
}
