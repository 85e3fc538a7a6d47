import type { CustomResource, IntOrString, Label, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/**
 * ThingSpec is what is wanted.
 * @rule has(self.mode) || has(self.port) -- mode or port must be set
 */
export interface ThingSpec {
  /**
   * share lies strictly between.
   * @format int32
   * @exclusiveMin 0
   * @exclusiveMax 100
   * @example 50
   */
  readonly share: number;
  /** mode is one of two. */
  readonly mode?: 'A' | 'B';
  /**
   * maybe may be null.
   * @nullable
   */
  readonly maybe?: Label | null;
  /** port is a number or a name. */
  readonly port?: IntOrString;
  /**
   * names are different.
   * @maxItems 4
   * @listType set
   */
  readonly names?: readonly Label[];
  /**
   * labels are open.
   * @maxProps 4
   */
  readonly labels?: Readonly<Record<string, Label>>;
  /**
   * object is a whole Kubernetes object.
   * @embedded
   * @preserveUnknown
   */
  readonly object?: unknown;
}
