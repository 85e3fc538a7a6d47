/**
 * What a new leader waits for before its first pass: its caches must show what its predecessor wrote last.
 * A fresh list of one object makes the API server bring its own watch cache up to date first (consistent reads from
 * cache, on since Kubernetes 1.31); what the predecessor wrote is then on its way to our watches and is given a moment.
 */
import type { Clock, Logger } from '../../observability/index.ts';
import type { Transport } from '../client/transport.ts';
import { kindId, pathOf } from '../kinds.ts';
import type { Kind, KubeObject } from '../types.ts';

const readMillis = 1_000;
const travelMillis = 150;

/** What is asked and waited with. */
export interface CatchUpOptions {
  readonly kinds: readonly Kind<KubeObject>[];
  readonly transport: Pick<Transport, 'send'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Resolves when the caches had their chance, after 1.2 s at most; a kind that cannot be read does not hold it up. */
export async function catchUp({ kinds, transport, clock, log }: CatchUpOptions, signal: AbortSignal): Promise<void> {
  const ask = async (kind: Kind<KubeObject>): Promise<void> => {
    try {
      const query = { limit: '1' };
      await transport.send({ method: 'GET', path: pathOf(kind), query, timeoutMillis: readMillis, signal });
    } catch (error) {
      log.debug({ kind: kindId(kind), err: error }, 'a kind could not be read before the first pass');
    }
  };
  await Promise.all(kinds.map(ask));
  // Told to stop meanwhile: the passes will see the signal themselves.
  await clock.sleep(travelMillis, signal).catch(() => undefined);
}
