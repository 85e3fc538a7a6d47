import type { CustomResource, Label, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/**
 * ThingSpec has fields named like words of CEL.
 * @atMostOneOf namespace dash-ed
 * @oneOf in dotted.name
 * @atLeastOneOf slash/ed in
 */
export interface ThingSpec {
  /** namespace is a word of CEL. */
  readonly namespace?: Label;
  /** dash-ed has a dash. */
  readonly 'dash-ed'?: Label;
  /** in is a word of CEL. */
  readonly in?: Label;
  /** dotted.name has a dot. */
  readonly 'dotted.name'?: Label;
  /** slash/ed has a slash. */
  readonly 'slash/ed'?: Label;
}
