import type { CustomResource, Label, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /**
   * name is always there.
   * @immutable
   */
  readonly name: Label;
  /**
   * zone may be absent.
   * @immutable
   */
  readonly zone?: Label;
  /** storage is optional itself. */
  readonly storage?: Storage;
  /** network is always there. */
  readonly network: Network;
  /**
   * disks are found again by name.
   * @maxItems 4
   * @listType map
   * @listKey name
   */
  readonly disks?: readonly Disk[];
}

/** Storage is optional. */
export interface Storage {
  /**
   * class cannot change, not even by way of its parent.
   * @immutable
   */
  readonly class: Label;
}

/** Network is required. */
export interface Network {
  /**
   * range may be absent.
   * @immutable
   */
  readonly range?: Label;
}

/** Disk is one of a list. */
export interface Disk {
  /** name is its name. */
  readonly name: Label;
  /**
   * kind is optional.
   * @immutable
   */
  readonly kind?: Label;
}
