/** The cache of one kind by itself, for tests of what the real API server sends. */
import { createRegistry, systemClock } from '../../observability/index.ts';
import { Informer } from '../cache/informer.ts';
import type { Open } from '../cache/watcher.ts';
import type { Cluster } from '../client/cluster.ts';
import { Invalid } from '../client/errors.ts';
import { acceptedTypes } from '../client/media-types.ts';
import { Transport } from '../client/transport.ts';
import { pathOf } from '../kinds.ts';
import { RuntimeMetrics } from '../metrics.ts';
import type { Kind, KubeObject } from '../types.ts';
import { silentLog } from './wait.ts';

/** How a collection is followed. */
export interface FollowOptions {
  /** Whether the first list is asked for in pages, as from a server without streaming lists. */
  readonly pages?: boolean;
  /** Added to every query. */
  readonly query?: Readonly<Record<string, string>>;
}

/** A collection that is followed until `stop`. */
export interface Following<T> {
  /** What is in the cache now. */
  readonly list: () => readonly T[];
  /** The media types of all answers so far, in order. */
  readonly contentTypes: readonly string[];
  /** The last failure since something arrived. */
  readonly error: () => unknown;
  readonly synced: Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Lists and watches a kind as a process does that caches it. */
export function follow<T extends KubeObject>(
  cluster: Cluster,
  kind: Kind<T>,
  { pages = false, query: added = {} }: FollowOptions = {},
): Following<T> {
  const transport = new Transport(cluster, systemClock, { requested: () => undefined });
  const contentTypes: string[] = [];
  const open: Open = async (query, signal) => {
    if (pages && query.sendInitialEvents !== undefined) throw noStreaming;
    const accept = acceptedTypes(kind, query.watch === undefined ? 'list' : 'watch');
    const call = { method: 'GET', path: pathOf(kind), query: { ...query, ...added }, accept } as const;
    const opened = await transport.stream({ ...call, signal, lane: 'watches', timeoutMillis: 30_000 });
    contentTypes.push(opened.contentType);
    return opened;
  };
  const metrics = new RuntimeMetrics(createRegistry());
  const informer = new Informer({ kind, open, metrics, clock: systemClock, random: Math.random, log: silentLog });
  const end = new AbortController();
  const run = informer.run(end.signal);
  return {
    list: () => informer.store.list() as readonly KubeObject[] as readonly T[],
    contentTypes,
    error: () => informer.error,
    synced: informer.whenSynced,
    stop: async () => {
      end.abort();
      await run;
      await transport.close();
    },
  };
}

const noStreaming = new Invalid({ status: 422, reason: 'Invalid', url: 'WATCH', message: 'asked for in pages' });
