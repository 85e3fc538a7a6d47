import type { CustomResource, Label, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /**
   * zones are never changed once they are there.
   * @maxProps 4
   */
  readonly zones: Record<string, Frozen>;
  /**
   * disks are found again by name.
   * @maxItems 4
   * @listType map
   * @listKey name
   */
  readonly disks: readonly Disk[];
}

/**
 * Frozen is a value that stays.
 * @maxLength 63
 * @immutable
 */
export type Frozen = string;

/**
 * Disk is one of a list.
 * @immutable
 */
export interface Disk {
  /** name is its name. */
  readonly name: Label;
}
