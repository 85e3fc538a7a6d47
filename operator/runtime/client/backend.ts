import type { Key, Kind, KubeObject, PatchBody } from '../types.ts';

/** How a server-side apply is sent. */
export interface ApplyOptions {
  readonly manager: string;
  readonly subresource?: string;
}

/** What must still hold of an object for a deletion or eviction to happen: it is the one that the decision was about. */
export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** The calls that a pass makes; the client sends them, the testing kit keeps them in memory. */
export interface Backend {
  /** `undefined` when absent. */
  get<T extends KubeObject>(kind: Kind<T>, key: Key, signal?: AbortSignal): Promise<T | undefined>;
  /** Server-side apply with force. */
  apply<T extends KubeObject>(kind: Kind<T>, body: KubeObject, options: ApplyOptions, signal?: AbortSignal): Promise<T>;
  /** Throws AlreadyExists. */
  create<T extends KubeObject>(kind: Kind<T>, object: T, manager: string, signal?: AbortSignal): Promise<T>;
  patch<T extends KubeObject>(
    kind: Kind<T>,
    key: Key,
    patch: PatchBody,
    manager: string,
    signal?: AbortSignal,
  ): Promise<T>;
  /** Deletes under the preconditions given; absent is success. */
  remove(kind: Kind<KubeObject>, key: Key, preconditions: Preconditions, signal?: AbortSignal): Promise<void>;
  /** Throws Conflict when the pod has changed since it was read. */
  evict(key: Key, preconditions: Preconditions, signal?: AbortSignal): Promise<'evicted' | 'blocked' | 'gone'>;
}
