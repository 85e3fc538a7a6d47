/**
 * The contract between the runtime and the rooms: what a kind, a controller, a pass and its context are.
 * The runtime knows no GPU; the rooms know no watch, queue or lease.
 */
import type { Logger } from '../observability/index.ts';
import type { ProtobufMessage } from './protobuf/message.ts';

/** Makes a type deeply read-only: objects from the cache are shared and never changed. */
export type DeepReadonly<T> = T extends (infer U)[]
  ? readonly DeepReadonly<U>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** The part of ObjectMeta that the runtime needs. */
export interface ObjectMeta {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly uid: string;
    readonly controller?: boolean;
    readonly blockOwnerDeletion?: boolean;
  }[];
}

/** Any Kubernetes object. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

/** A kind as a plain value that carries its type. `api` and `kube` declare theirs without importing the runtime. */
export interface Kind<T> {
  /** API group; the empty string is the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly scope: 'Namespaced' | 'Cluster';
  /** Cuts an object to what all rooms together need, before it enters the cache. Metadata's managedFields always go. */
  project?(object: T): T;
  /** Asks the server for nothing but metadata (PartialObjectMetadata): spec and status are then never there in the cache. */
  readonly metadataOnly?: boolean;
  /** May be missing from the cluster: while the server does not serve the kind it has no objects, and nobody waits for it. */
  readonly optional?: boolean;
  /**
   * What to read of its protobuf form: all that `project` needs, or every field. With it, lists and watches ask for
   * protobuf; without it, and where the server has none (custom resources), they travel as JSON.
   */
  readonly protobuf?: ProtobufMessage;
  readonly __type?: T;
}

/** Names one object of a kind. */
export interface Key {
  readonly namespace?: string;
  readonly name: string;
}

/** Which objects to list from the cache; all given parts must match. */
export interface ListOptions {
  readonly namespace?: string;
  /** Value of an index that a controller declared with `.index(kind, name, …)`. */
  readonly index?: { readonly name: string; readonly value: string };
}

/** Reads from the cache, synchronously, with the runtime's own latest writes laid over it. */
export interface Reader {
  get<T extends KubeObject>(kind: Kind<T>, key: Key): T | undefined;
  list<T extends KubeObject>(kind: Kind<T>, options?: ListOptions): readonly T[];
}

/** An intent for server-side apply: only the fields that the controller wants to own. */
export type Intent<T> = { readonly metadata: ObjectMeta & { readonly name: string } } & Partial<Omit<T, 'metadata'>>;

/** A JSON merge patch or strategic merge patch for what server-side apply cannot say. */
export interface PatchBody {
  readonly type: 'merge' | 'strategic' | 'json';
  readonly body: unknown;
  /** `status`, `eviction`-like subresources; none for the object itself. */
  readonly subresource?: string;
}

/** An event to record on an object; equal events within the window are counted, not repeated. */
export interface EventIntent {
  /** The object the event is about. */
  readonly regarding: KubeObject & { readonly apiVersion?: string; readonly kind?: string };
  /** Its kind, because cached objects may lack apiVersion and kind. */
  readonly kind: Kind<KubeObject>;
  readonly type: 'Normal' | 'Warning';
  /** One PascalCase word, unique in the project. */
  readonly reason: string;
  /** One PascalCase word: what was done or tried. */
  readonly action: string;
  readonly note: string;
  /** Events with one key within the window are one; default: uid + reason + note. */
  readonly dedupeKey?: string;
}

/** What one pass may do. Every write is fenced by the lease and declared by the controller, else it throws. */
export interface Context extends Reader {
  /** Uncached reads, for the rare case that the cache is not allowed to decide (for example Secrets, which are never listed). */
  readonly live: { get<T extends KubeObject>(kind: Kind<T>, key: Key): Promise<T | undefined> };
  /** Server-side apply with force under manager `gpuopt-<controller>`; skipped when it would change nothing. Sets the primary as controller owner unless `owner: 'none'`. */
  apply<T extends KubeObject>(
    kind: Kind<T>,
    intent: Intent<T>,
    options?: { readonly owner?: 'primary' | 'none' },
  ): Promise<T>;
  /** Server-side apply of the status subresource of an object that is not the primary. */
  applyStatus<T extends KubeObject>(kind: Kind<T>, intent: Intent<T>): Promise<T>;
  /** Creates an object under its derived name; `undefined` when it exists already. */
  create<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T | undefined>;
  /** Sends one patch with uid precondition when `uid` is given. Answers the new object; throws NotFound, Conflict, Invalid … */
  patch<T extends KubeObject>(kind: Kind<T>, key: Key & { readonly uid?: string }, patch: PatchBody): Promise<T>;
  /** Deletes with a uid precondition (and resourceVersion when given); absent is success. */
  remove<T extends KubeObject>(kind: Kind<T>, object: KubeObject): Promise<void>;
  /** Evicts a pod through the Eviction API; `blocked` when a PodDisruptionBudget refuses. */
  evict(pod: KubeObject): Promise<'evicted' | 'blocked' | 'gone'>;
  /** Records an event; never throws. */
  event(event: EventIntent): void;
  readonly log: Logger;
  /** Aborted when the pass runs out of time, the lease is lost or the process stops. */
  readonly signal: AbortSignal;
  /** The wall clock, injected. */
  now(): Date;
}

/** What a pass ends with; throwing `Waiting` or `Terminal` says the rest. */
export interface Outcome<Status> {
  /** The whole status except for the runtime's own fields; conditions without lastTransitionTime and observedGeneration. */
  readonly status?: StatusIntent<Status>;
  /** Milliseconds until the next pass even if nothing changes. */
  readonly after?: number;
}

/** A condition as a room states it; the runtime adds generation and time. */
export interface ConditionIntent {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** A status as a room states it. Ready must be among the conditions; Reconciling and Stalled are the runtime's. */
export type StatusIntent<Status> = Omit<Status, 'observedGeneration' | 'conditions'> & {
  readonly conditions: readonly ConditionIntent[];
};

/**
 * Says that nothing is wrong but something is not there yet: Ready=Unknown, Reconciling. `after` in milliseconds.
 * @remedy see in the condition what is waited for; the pass is repeated by itself
 */
export class Waiting extends Error {
  override readonly name = 'Waiting';
  readonly code = 'Waiting';
  readonly reason: string;
  readonly after: number;
  constructor(reason: string, message: string, after = 30_000) {
    super(message);
    this.reason = reason;
    this.after = after;
  }
}

/**
 * Says that a person must change something: Ready=False, Stalled. Tried again on change only.
 * @remedy change what the condition names; nothing happens before
 */
export class Terminal extends Error {
  override readonly name = 'Terminal';
  readonly code = 'Terminal';
  readonly reason: string;
  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** A verb that a controller needs on a kind; the source of the generated RBAC. */
export interface Permission {
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly ('get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete')[];
  /** Only these names; a rule for Secrets must be bound to names or to the operator's namespace. */
  readonly resourceNames?: readonly string[];
  /** `cluster` makes a ClusterRole rule, `operator` a Role in the operator's namespace. */
  readonly in: 'cluster' | 'operator';
  readonly why: string;
}

/** A watch of a secondary kind. */
export interface Watch {
  readonly kind: Kind<KubeObject>;
  readonly map: (object: KubeObject, reader: Reader) => readonly Key[];
  /** Asked for updates. */
  readonly when?: (now: KubeObject, before: KubeObject) => boolean;
  /** Asked for objects that are new to the cache; default yes. Deletions always count. */
  readonly addedWhen?: (now: KubeObject) => boolean;
}

/** A finished description of a controller, as the builder makes it. */
export interface Controller {
  /** Lower-case name, used for metrics, field manager and logs. */
  readonly name: string;
  /** Absent for a singleton: it has the one key `{ name }`. */
  readonly primary?: Kind<KubeObject>;
  readonly primaryWhen?: (now: KubeObject, before: KubeObject | undefined) => boolean;
  readonly watches: readonly Watch[];
  readonly owns: readonly Kind<KubeObject>[];
  readonly reads: readonly Kind<KubeObject>[];
  readonly indexes: readonly {
    readonly kind: Kind<KubeObject>;
    readonly name: string;
    readonly values: (object: KubeObject) => readonly string[];
  }[];
  readonly permissions: readonly Permission[];
  readonly concurrency: number;
  readonly everyMillis?: number;
  readonly timeoutMillis: number;
  /** Least time between two passes of one key: changes in between are taken together. */
  readonly debounceMillis?: number;
  readonly finalizer?: {
    readonly name: string;
    readonly forget: (object: KubeObject, context: Context) => Promise<void>;
  };
  readonly gone?: (key: Key, context: Context) => Promise<void>;
  /** `elsewhere`: another controller of the same kind writes the status, so failures are not reported there. */
  readonly status?: 'here' | 'elsewhere';
  readonly reconcile: (object: KubeObject | undefined, context: Context) => Promise<Outcome<object> | undefined>;
}

/** The builder: a controller reads as a sentence. Durations are `250ms`, `30s`, `10m`, `24h`. */
export interface ControllerBuilder<T extends KubeObject, Status> {
  /** Wakes the owner when an owned object changes; also allows get, list, watch, create, patch, delete on it. */
  owns<O extends KubeObject>(kind: Kind<O>): this;
  /** Maps a change of another kind to keys of this controller; also allows get, list, watch. The mapper runs for the old and the new object. */
  watches<O extends KubeObject>(
    kind: Kind<O>,
    map: (object: O, reader: Reader) => readonly Key[],
    options?: { readonly when?: (now: O, before: O) => boolean },
  ): this;
  /** Allows get, list, watch without waking. */
  reads<O extends KubeObject>(kind: Kind<O>): this;
  /** Allows verbs beyond what owns, watches and reads imply; `why` goes to the RBAC page. */
  may(permission: Permission): this;
  /** Declares an index of a cached kind. */
  index<O extends KubeObject>(kind: Kind<O>, name: string, values: (object: O) => readonly string[]): this;
  /** Which changes of the primary wake it; default: generation, labels, annotations or deletionTimestamp changed. */
  when(predicate: (now: T, before: T | undefined) => boolean): this;
  concurrency(passes: number): this;
  every(duration: string): this;
  timeout(duration: string): this;
  debounce(duration: string): this;
  /** Adds the finalizer before the first effect; `forget` is idempotent and right even if no pass ever ran. */
  finalizer(name: string, forget: (object: T, context: Context) => Promise<void>): this;
  /** Called when the primary is gone and had no finalizer of this controller. */
  gone(handler: (key: Key, context: Context) => Promise<void>): this;
  /** Leaves the kind's status to another controller: failed passes are logged and counted only. */
  withoutStatus(): this;
  reconcile(pass: (object: T, context: Context) => Promise<Outcome<Status> | undefined>): Controller;
}

/** The builder of a controller without a primary object, for example the planner. */
export interface SingletonBuilder {
  watches<O extends KubeObject>(
    kind: Kind<O>,
    options?: { readonly when?: (now: O, before: O | undefined) => boolean },
  ): this;
  reads<O extends KubeObject>(kind: Kind<O>): this;
  may(permission: Permission): this;
  index<O extends KubeObject>(kind: Kind<O>, name: string, values: (object: O) => readonly string[]): this;
  every(duration: string): this;
  timeout(duration: string): this;
  debounce(duration: string): this;
  reconcile(pass: (context: Context) => Promise<{ readonly after?: number } | undefined>): Controller;
}

/** Background work of a room: runs until the signal, on the leader only unless `everywhere`. */
export interface Runnable {
  readonly name: string;
  readonly where: 'leader' | 'everywhere';
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** What a feature room hands to the process that runs it. */
export interface Room {
  readonly name: string;
  readonly controllers: readonly Controller[];
  readonly runnables: readonly Runnable[];
}
