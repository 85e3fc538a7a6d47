import type { CustomResource, Label, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /**
   * maybe may be null.
   * @nullable
   * @maxLength 8
   * @title Maybe
   * @deprecated use only
   */
  readonly maybe?: string | null;
  /**
   * free is anything.
   * @schema {"x-kubernetes-preserve-unknown-fields": true, "type": "object"}
   */
  readonly free?: unknown;
  /**
   * one is replaced as a whole.
   * @structType atomic
   */
  readonly one?: {
    /** name is a name. */
    readonly name: Label;
  };
}
