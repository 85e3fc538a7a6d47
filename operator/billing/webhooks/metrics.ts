import { Counter, Gauge } from 'prom-client';

import type { Clock, Registry } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import type { Receipt } from './receive.ts';

const receiptsName = 'gpuopt_billing_webhooks_total';

/** Counts what became of webhooks; the same counter for whoever asks for it in one process. */
export function webhookReceipts(registry: Registry): (kind: Receipt['kind']) => void {
  const known = registry.getSingleMetric(receiptsName);
  const counter = known instanceof Counter ? known : createReceipts(registry);
  return (kind) => counter.inc({ receipt: kind });
}

function createReceipts(registry: Registry): Counter {
  const counter = new Counter({
    name: receiptsName,
    help: 'Webhooks by receipt: stored, known (sent before) or refused (signature, mode)',
    labelNames: ['receipt'],
    registers: [registry],
  });
  for (const receipt of ['stored', 'known', 'refused']) counter.inc({ receipt }, 0);
  return counter;
}

/** Shows how far the inbox has been worked through. */
export function createInboxMetrics(registry: Registry): (store: Store, clock: Clock) => Promise<void> {
  const registers = [registry];
  const waiting = new Gauge({
    name: 'gpuopt_billing_webhooks_waiting',
    help: 'Webhooks that are stored and not worked on yet',
    registers,
  });
  const oldest = new Gauge({
    name: 'gpuopt_billing_webhooks_oldest_seconds',
    help: 'Age of the oldest webhook that is not worked on yet; 0 when there is none',
    registers,
  });
  return async (store, clock) => {
    const row = await store.db
      .selectFrom('webhook_inbox')
      .select(({ fn }) => [fn.countAll<bigint>().as('count'), fn.min('received_at').as('oldest')])
      .where('state', '=', 'RECEIVED')
      .executeTakeFirstOrThrow();
    waiting.set(Number(row.count));
    oldest.set(row.oldest === null ? 0 : Math.max(0, (clock.now() - row.oldest.getTime()) / 1000));
  };
}
