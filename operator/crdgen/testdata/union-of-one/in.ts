import type { CustomResource, Label, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is one of one. */
export type ThingSpec = Only;

/** Only is the one variant so far. */
export interface Only {
  /** type is Only. */
  readonly type: 'Only';
  /** only holds the settings of type Only. */
  readonly only: {
    /** name is a name. */
    readonly name: Label;
  };
}
