import { systemClock } from '../../observability/index.ts';
import { Client } from './client.ts';
import type { Cluster } from './cluster.ts';
import { Transport } from './transport.ts';

/** A client for commands and tests: no cache, no lease. Close it at the end. */
export function connect(cluster: Cluster): { readonly client: Client; readonly close: () => Promise<void> } {
  const transport = new Transport(cluster, systemClock, { requested: () => undefined });
  return { client: new Client({ transport, clock: systemClock }), close: () => transport.close() };
}
