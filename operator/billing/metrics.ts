import { Counter, Gauge } from 'prom-client';

import type { Clock, Registry } from '../observability/index.ts';
import type { OutboxState, Store } from '../store/index.ts';

/** What billing shows to Prometheus. */
export interface BillingMetrics {
  readonly attempts: Counter;
  /** Reads the outbox and sets the gauges; between two readings it does nothing. */
  refresh(store: Store, clock: Clock): Promise<void>;
}

const states: readonly OutboxState[] = [
  'PENDING',
  'SENDING',
  'UNKNOWN',
  'ACCEPTED',
  'ACCEPTED_DUP',
  'CONFIRMED',
  'REJECTED',
  'HOLD',
  'LATE',
];

/** As often as Prometheus commonly looks: the reading counts every row that there ever was. */
const refreshMillis = 15_000;

/** Registers billing's metrics. */
export function createBillingMetrics(registry: Registry): BillingMetrics {
  const registers = [registry];
  const attempts = new Counter({
    name: 'gpuopt_billing_attempts_total',
    help: 'Attempts to deliver a usage row',
    registers,
  });
  const rows = new Gauge({
    name: 'gpuopt_billing_outbox_rows',
    help: 'Usage rows by state',
    labelNames: ['state'],
    registers,
  });
  const oldest = new Gauge({
    name: 'gpuopt_billing_oldest_unsent_seconds',
    help: 'Age of the oldest usage that the provider has not acknowledged; 0 when there is none',
    registers,
  });
  let next = Number.NEGATIVE_INFINITY;
  return {
    attempts,
    refresh: async (store, clock) => {
      if (clock.monotonic() < next) return;
      next = clock.monotonic() + refreshMillis;
      const found = await store.db
        .selectFrom('outbox')
        .select('state')
        .select(({ fn }) => [fn.countAll<bigint>().as('count'), fn.min('event_at').as('oldest')])
        .groupBy('state')
        .execute();
      for (const state of states) rows.set({ state }, Number(found.find((row) => row.state === state)?.count ?? 0n));
      const unsent = found.filter(({ state }) => state === 'PENDING' || state === 'SENDING' || state === 'UNKNOWN');
      const times = unsent.flatMap((row) => (row.oldest ? [row.oldest.getTime()] : []));
      oldest.set(times.length === 0 ? 0 : Math.max(0, (clock.now() - Math.min(...times)) / 1000));
    },
  };
}
