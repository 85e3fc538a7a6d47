/**
 * Kubernetes objects as they travel: the types of the client library with times as strings,
 * because the runtime keeps raw JSON and never revives dates.
 */

import type { Message } from './protobuf/field.ts';

/** The JSON form of a client library model: `Date` becomes an RFC 3339 string, everything is read-only. */
export type Wire<T> = T extends Date
  ? string
  : T extends (infer U)[]
    ? readonly Wire<U>[]
    : T extends object
      ? { readonly [K in keyof T]: Wire<T[K]> }
      : T;

/** A Kubernetes owner reference. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** ObjectMeta without what the cache drops (managedFields, selfLink). */
export interface Meta {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
}

/** A built-in object on the wire; its metadata is always there. */
export type Resource<T extends { metadata?: unknown }> = Omit<Wire<T>, 'metadata'> & { readonly metadata: Meta };

/** A kind as a plain value that carries its type; structurally the runtime's `Kind<T>`. */
export interface KindToken<T> {
  /** API group; the empty string is the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly scope: 'Namespaced' | 'Cluster';
  /** Cuts an object to what all rooms together need, before it enters the cache. */
  project?(object: T): T;
  /** Caches hold the metadata only. */
  readonly metadataOnly?: boolean;
  /** A kind of an add-on: a cluster without it reads as one without objects of it. */
  readonly optional?: boolean;
  /**
   * What is read of its protobuf form: what `project` needs, or every field; a field that is not in it never arrives.
   * Without a table the kind travels as JSON.
   */
  readonly protobuf?: Message;
  readonly __type?: T;
}
