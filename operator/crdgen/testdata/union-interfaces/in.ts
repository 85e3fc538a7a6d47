import type { CustomResource, Int32, Label, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /**
   * steps are walked in order.
   * @maxItems 8
   * @listType map
   * @listKey name
   */
  readonly steps: readonly Step[];
}

/** Step is one piece of work. */
export type Step = WaitStep | SendStep;

/** WaitStep waits. */
export interface WaitStep {
  /** name is unique. */
  readonly name: Label;
  /** type is Wait. */
  readonly type: 'Wait';
  /** wait holds the settings of type Wait. */
  readonly wait: Wait;
}

/** SendStep sends. */
export interface SendStep {
  /** name is unique. */
  readonly name: Label;
  /** type is Send. */
  readonly type: 'Send';
}

/** Wait says how long. */
export interface Wait {
  /** seconds is a time. */
  readonly seconds: Int32;
}
