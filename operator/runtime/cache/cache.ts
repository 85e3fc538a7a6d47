/** All informers of a process, shared by its controllers. */
import type { Clock, Logger } from '../../observability/index.ts';
import { acceptedTypes } from '../client/media-types.ts';
import type { Transport } from '../client/transport.ts';
import { keyText, kindId, pathOf } from '../kinds.ts';
import type { RuntimeMetrics } from '../metrics.ts';
import type { Key, Kind, KubeObject, ListOptions, Reader } from '../types.ts';
import { Informer } from './informer.ts';
import type { IndexValues } from './store.ts';
import type { Open } from './watcher.ts';

/** What the cache needs. */
export interface CacheOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
}

const openTimeoutMillis = 30_000;

/** Makes informers on demand and reads from them. */
export class Cache implements Reader {
  readonly #options: CacheOptions;
  readonly #informers = new Map<string, Informer>();

  constructor(options: CacheOptions) {
    this.#options = options;
    const { metrics } = options;
    metrics.collectInformers(() =>
      this.informers.map((informer) => ({
        kind: kindId(informer.kind),
        objects: informer.store.size,
        overlaid: informer.store.overlaid,
        silence: informer.silence,
      })),
    );
  }

  get informers(): readonly Informer[] {
    return [...this.#informers.values()];
  }

  /** The informer of a kind; made, but not run, on first use. */
  informer(kind: Kind<KubeObject>): Informer {
    const id = kindId(kind);
    const known = this.#informers.get(id);
    if (known !== undefined) return known;
    const { clock, log, metrics, random, transport } = this.#options;
    const path = pathOf(kind);
    const open: Open = (query, signal) => {
      const accept = acceptedTypes(kind, query.watch === undefined ? 'list' : 'watch');
      const call = { method: 'GET', path, query, accept, lane: 'watches', timeoutMillis: openTimeoutMillis } as const;
      return transport.stream({ ...call, signal });
    };
    const made = new Informer({ kind, open, clock, random, log, metrics });
    this.#informers.set(id, made);
    return made;
  }

  addIndex(kind: Kind<KubeObject>, name: string, values: IndexValues): void {
    this.informer(kind).store.addIndex(name, values);
  }

  /** Lays the answer to an own write over the cache; kinds that are not cached are left alone. */
  readonly overlay = (kind: Kind<KubeObject>, object: KubeObject): void => {
    this.#informers.get(kindId(kind))?.overlay(object);
  };

  get<T extends KubeObject>(kind: Kind<T>, key: Key): T | undefined {
    const object: KubeObject | undefined = this.#informers.get(kindId(kind))?.store.get(keyText(key));
    return object as T | undefined;
  }

  list<T extends KubeObject>(kind: Kind<T>, options?: ListOptions): readonly T[] {
    const objects: readonly KubeObject[] = this.#informers.get(kindId(kind))?.store.list(options) ?? [];
    return objects as readonly T[];
  }

  /** Runs every informer until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.informers.map((informer) => informer.run(signal)));
  }
}
