import { type Clock, systemClock } from '../../observability/index.ts';
import { Client } from './client.ts';
import type { Cluster } from './cluster.ts';
import { Transport } from './transport.ts';

/** A client for commands and tests: no cache, no lease. Close it at the end. `readTimeoutMillis` bounds each read with its repetitions. */
export function connect(
  cluster: Cluster,
  { clock = systemClock, readTimeoutMillis }: { readonly clock?: Clock; readonly readTimeoutMillis?: number } = {},
): { readonly client: Client; readonly close: () => Promise<void> } {
  const transport = new Transport(cluster, clock, { requested: () => undefined });
  return { client: new Client({ transport, clock, readTimeoutMillis }), close: () => transport.close() };
}
