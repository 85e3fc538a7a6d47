import { systemClock } from '../../observability/index.ts';
import { Client } from './client.ts';
import type { Cluster } from './cluster.ts';
import { Transport } from './transport.ts';

/** A client for commands and tests: no cache, no lease. Close it at the end. `readTimeoutMillis` bounds each read with its repetitions. */
export function connect(
  cluster: Cluster,
  options: { readonly readTimeoutMillis?: number } = {},
): { readonly client: Client; readonly close: () => Promise<void> } {
  const transport = new Transport(cluster, systemClock, { requested: () => undefined });
  return { client: new Client({ transport, clock: systemClock, ...options }), close: () => transport.close() };
}
