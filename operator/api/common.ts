/**
 * Shapes and aliases that the custom resources share. A tag on an alias reaches the schema of every field of that type.
 * Aliases of primitives are branded with an optional unit, because the compiler forgets a plain alias.
 */

/**
 * Base of a custom resource: what the API server adds to `spec` and `status`.
 * @condition Ready=Unknown CacheNotReady -- a kind that the controller reads is not cached yet; it waits, and the message names the kind or the missing right
 * @condition Ready=Unknown Forbidden -- the operator's account may not do what the message names; config/rbac has its rights
 * @condition Ready=Unknown Conflict -- somebody else wrote at the same time; the next pass reads again
 * @condition Ready=Unknown ConnectionLost -- the API server could not be reached; the next pass tries again
 * @condition Ready=Unknown Timeout -- the API server did not answer in time; the next pass tries again
 * @condition Ready=Unknown ServerError -- the API server failed to answer; the next pass tries again
 * @condition Ready=Unknown Invalid -- the API server refused what was written; the message has its words
 * @condition Ready=False ProgressDeadlineExceeded -- passes have failed for ten minutes; the message is the last error, and tries go on
 * @condition HotLoop=True RepeatedWrites -- an object is written again and again without anything changing; the message names it, and the controller is slowed
 * @event Warning HotLoop -- the controller is slowed, since it writes the same again and again
 */
export interface CustomResource<Spec, Status> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec: Spec;
  readonly status?: Status;
}

/** The part of Kubernetes' ObjectMeta that the project reads and writes. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
}

/** A Kubernetes owner reference. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** A kind as a plain value that carries its type; structurally the runtime's `Kind<T>`. */
export interface KindToken<T> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly scope: 'Namespaced' | 'Cluster';
  /** Cuts an object to what the rooms need before it enters the cache. */
  readonly project?: (object: T) => T;
  readonly __type?: T;
}

/**
 * A signed 32-bit integer.
 * @format int32
 */
export type Int32 = number & { readonly __unit?: 'Int32' };

/**
 * An integer that JSON carries without loss, within ±(2⁵³−1).
 * @format int64
 */
export type Int64 = number & { readonly __unit?: 'Int64' };

/**
 * Whole percent.
 * @format int32
 * @min 0
 * @max 100
 */
export type Percent = number & { readonly __unit?: 'Percent' };

/**
 * A span of time in whole seconds.
 * @format int32
 * @min 0
 */
export type Seconds = number & { readonly __unit?: 'Seconds' };

/**
 * An amount of money as a decimal string; the currency stands beside it.
 * @maxLength 32
 * @pattern ^[0-9]{1,18}([.][0-9]{1,12})?$
 */
export type Money = string & { readonly __unit?: 'Money' };

/**
 * An ISO 4217 currency code in lower case.
 * @pattern ^[a-z]{3}$
 * @maxLength 3
 */
export type Currency = string & { readonly __unit?: 'Currency' };

/**
 * A count of GPU-seconds as a decimal integer string, exact beyond 2⁵³.
 * @pattern ^[0-9]{1,30}$
 * @maxLength 30
 */
export type GPUSeconds = string & { readonly __unit?: 'GPUSeconds' };

/**
 * An RFC 3339 time.
 * @format date-time
 */
export type Timestamp = string & { readonly __unit?: 'Timestamp' };

/**
 * The name of an object: a DNS-1123 subdomain.
 * @minLength 1
 * @maxLength 253
 * @pattern ^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$
 */
export type Name = string & { readonly __unit?: 'Name' };

/**
 * A DNS-1123 label.
 * @minLength 1
 * @maxLength 63
 * @pattern ^[a-z0-9]([-a-z0-9]*[a-z0-9])?$
 */
export type Label = string & { readonly __unit?: 'Label' };

/**
 * The value of a label of a node.
 * @minLength 1
 * @maxLength 63
 * @pattern ^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$
 */
export type LabelValue = string & { readonly __unit?: 'LabelValue' };

/** A requirement of a label selector. */
export interface LabelSelectorRequirement {
  /**
   * key is the label key that the selector applies to.
   * @minLength 1
   * @maxLength 317
   */
  readonly key: string;
  /** operator relates the key to the values. */
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  /**
   * values are the label values for In and NotIn.
   * @maxItems 64
   * @items.maxLength 63
   * @listType atomic
   */
  readonly values?: readonly string[];
}

/**
 * A label selector as in Kubernetes; all parts must match.
 * @structType atomic
 */
export interface LabelSelector {
  /**
   * matchLabels is a map of label keys to the values they must have.
   * @maxProps 64
   */
  readonly matchLabels?: Readonly<Record<string, LabelValue>>;
  /**
   * matchExpressions are requirements that must all hold.
   * @maxItems 64
   * @listType atomic
   */
  readonly matchExpressions?: readonly LabelSelectorRequirement[];
}

/** A reference to an object whose kind is fixed by the field. */
export interface Ref {
  /** name is the name of the object. */
  readonly name: Name;
}

/** A reference to one key of a ConfigMap or a Secret in the same namespace. */
export interface KeyRef {
  /** name is the name of the object. */
  readonly name: Name;
  /**
   * key is the key in its data.
   * @minLength 1
   * @maxLength 253
   * @pattern ^[-._a-zA-Z0-9]+$
   */
  readonly key: string;
}

/** A condition, as in Kubernetes' meta/v1. */
export interface Condition {
  /**
   * type is the name of the condition in PascalCase.
   * @minLength 1
   * @maxLength 316
   */
  readonly type: string;
  /** status is one of True, False, Unknown. */
  readonly status: 'True' | 'False' | 'Unknown';
  /**
   * observedGeneration is the generation of the object that the condition was computed for.
   * @min 0
   */
  readonly observedGeneration?: Int64;
  /** lastTransitionTime is when the status last changed. */
  readonly lastTransitionTime: Timestamp;
  /**
   * reason is one PascalCase word.
   * @minLength 1
   * @maxLength 1024
   * @pattern ^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$
   */
  readonly reason: string;
  /**
   * message is a sentence for a person.
   * @maxLength 32768
   */
  readonly message: string;
}

/** What every status holds. */
export interface CommonStatus {
  /**
   * observedGeneration is the generation of spec that the last pass saw; -1 before the first pass.
   * @min -1
   */
  readonly observedGeneration?: Int64;
  /**
   * conditions follow the kstatus convention: Ready, and Reconciling, Stalled or Suspended only while True.
   * @listType map
   * @listKey type
   * @maxItems 32
   */
  readonly conditions?: readonly Condition[];
}
