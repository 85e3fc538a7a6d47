/** One kind, kept in memory: watcher → projection → store → handlers. */
import type { Clock, Logger } from '../../observability/index.ts';
import { Forbidden, NotFound } from '../client/errors.ts';
import { keyOf, keyText, kindId } from '../kinds.ts';
import type { RuntimeMetrics } from '../metrics.ts';
import type { Kind, KubeObject } from '../types.ts';
import { Store } from './store.ts';
import { compareVersions } from './versions.ts';
import { type Open, type Sink, Watcher } from './watcher.ts';

/** A change of the cache, as handlers see it. */
export type CacheEvent =
  | { readonly kind: 'added'; readonly now: KubeObject; readonly initial: boolean }
  | { readonly kind: 'updated'; readonly now: KubeObject; readonly before: KubeObject }
  | {
      readonly kind: 'deleted';
      readonly before: KubeObject;
      /** The deletion was found by a list; the last state was not seen. */
      readonly finalStateUnknown: boolean;
    };

/** Told of every change, own writes included. */
export type Handler = (event: CacheEvent) => void;

/** How long a watch may fail before what it told is too old to decide on. */
const blindMillis = 60_000;
/** Longest pause before an optional kind is asked for again: most clusters never serve it. */
const longestAbsentMillis = 30_000;

/** What an informer needs. */
export interface InformerOptions {
  readonly kind: Kind<KubeObject>;
  readonly open: Open;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
}

/** One a kind and process. */
export class Informer implements Sink {
  readonly kind: Kind<KubeObject>;
  readonly store: Store;
  readonly #options: InformerOptions;
  readonly #id: string;
  readonly #handlers: Handler[] = [];
  readonly #syncedSignal = Promise.withResolvers<void>();
  readonly #answeredSignal = Promise.withResolvers<void>();
  #seen: Set<string> | undefined;
  #synced = false;
  #error: unknown;
  #failingSince: number | undefined;
  #aliveAt: number;

  constructor(options: InformerOptions) {
    this.kind = options.kind;
    this.#options = options;
    this.#id = kindId(options.kind);
    this.store = new Store(options.kind.scope, (index, key, err) => {
      options.metrics.handlerErrors.inc({ kind: this.#id });
      options.log.error({ kind: this.#id, index, key, err }, 'an index threw; it does not find the object');
    });
    this.#aliveAt = options.clock.monotonic();
    options.metrics.informerRelists.inc({ kind: this.#id, reason: 'start' }, 0);
  }

  /** Whether a first list was complete. */
  get synced(): boolean {
    return this.#synced;
  }

  /** The last failure since something arrived. */
  get error(): unknown {
    return this.#error;
  }

  /** Whether decisions must not be made on it: never complete, or without a working watch for a minute. */
  get blind(): boolean {
    if (this.#absent(this.#error)) return false;
    if (!this.#synced) return true;
    return this.#failingSince !== undefined && this.#options.clock.monotonic() - this.#failingSince > blindMillis;
  }

  /** Seconds since anything arrived. */
  get silence(): number {
    return (this.#options.clock.monotonic() - this.#aliveAt) / 1000;
  }

  /** Resolves after the first complete list. */
  get whenSynced(): Promise<void> {
    return this.#syncedSignal.promise;
  }

  /** Resolves when the first list is complete, or cannot be had as things are: the kind is not served or may not be read. */
  get whenAnswered(): Promise<void> {
    return this.#answeredSignal.promise;
  }

  /** Whether an error only says that the cluster does without an optional kind. */
  #absent(error: unknown): boolean {
    return this.kind.optional === true && error instanceof NotFound;
  }

  /** Adds a handler; to be called before `run`. */
  handle(handler: Handler): void {
    this.#handlers.push(handler);
  }

  run(signal: AbortSignal): Promise<void> {
    const { clock, open, random } = this.#options;
    const unservedMillis = this.kind.optional === true ? longestAbsentMillis : undefined;
    const { protobuf } = this.kind;
    return new Watcher({ open, clock, random, sink: this, unservedMillis, protobuf }).run(signal);
  }

  begin(reason: string): void {
    this.#seen = new Set();
    this.#options.metrics.informerRelists.inc({ kind: this.#id, reason });
  }

  upsert(raw: KubeObject, initial: boolean): void {
    const object = this.#projected(raw);
    const key = keyText(keyOf(object));
    this.#seen?.add(key);
    const before = this.store.tell(object);
    if (before === undefined) {
      this.#tell({ kind: 'added', now: object, initial: initial && !this.#synced });
      return;
    }
    if (before.metadata.uid !== object.metadata.uid) {
      this.#tell({ kind: 'deleted', before, finalStateUnknown: true });
      this.#tell({ kind: 'added', now: object, initial: false });
      return;
    }
    const order = compareVersions(object.metadata.resourceVersion, before.metadata.resourceVersion);
    if (order !== 0) this.#tell({ kind: 'updated', now: object, before });
  }

  remove(raw: KubeObject): void {
    const object = this.#projected(raw);
    const before = this.store.forget(keyText(keyOf(object)), object);
    if (before !== undefined) this.#tell({ kind: 'deleted', before: object, finalStateUnknown: false });
  }

  complete(version: string | undefined): void {
    const seen = this.#seen ?? new Set();
    this.#seen = undefined;
    for (const before of this.store.retain(seen, version)) {
      this.#tell({ kind: 'deleted', before, finalStateUnknown: true });
    }
    this.alive();
    if (this.#synced) return;
    this.#synced = true;
    this.#options.log.info({ kind: this.#id, objects: this.store.size }, 'cache is complete');
    this.#syncedSignal.resolve();
    this.#answeredSignal.resolve();
  }

  alive(): void {
    this.#error = undefined;
    this.#failingSince = undefined;
    this.#aliveAt = this.#options.clock.monotonic();
  }

  failed(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const known = this.#error instanceof Error && this.#error.message === message;
    this.#error = error;
    this.#failingSince ??= this.#options.clock.monotonic();
    if (error instanceof Forbidden || error instanceof NotFound) this.#answeredSignal.resolve();
    if (this.#absent(error)) {
      if (!known) this.#options.log.debug({ kind: this.#id }, 'not served here; asked for again from time to time');
      return;
    }
    const reason = error instanceof Error ? String(Reflect.get(error, 'code') ?? error.name) : 'Unknown';
    this.#options.metrics.informerFailures.inc({ kind: this.#id, reason });
    if (known) this.#options.log.debug({ kind: this.#id }, `watch failed again: ${message}`);
    else this.#options.log.warn({ kind: this.#id }, `watch failed, trying again: ${message}`);
  }

  /** Lays the answer to an own write over the store. */
  overlay(raw: KubeObject): void {
    this.store.overlay(this.#projected(raw));
  }

  #projected(raw: KubeObject): KubeObject {
    // Set, not deleted: deleting would turn the object into a slow, larger dictionary.
    if (Reflect.has(raw.metadata, 'managedFields')) Reflect.set(raw.metadata, 'managedFields', undefined);
    // A server may answer with whole objects, and the answers to own writes always are.
    if (this.kind.metadataOnly === true) return { metadata: raw.metadata };
    try {
      return this.kind.project === undefined ? raw : this.kind.project(raw);
    } catch (error) {
      // The whole object is as good, only larger; without it the watch would meet the same error after each restart.
      this.#options.metrics.handlerErrors.inc({ kind: this.#id });
      this.#options.log.error({ kind: this.#id, key: keyText(keyOf(raw)), err: error }, 'a projection threw');
      return raw;
    }
  }

  #tell(event: CacheEvent): void {
    for (const handler of this.#handlers) {
      try {
        handler(event);
      } catch (error) {
        this.#options.metrics.handlerErrors.inc({ kind: this.#id });
        this.#options.log.error(
          { kind: this.#id, err: error },
          'a mapper or predicate threw; the change was not mapped',
        );
      }
    }
  }
}
