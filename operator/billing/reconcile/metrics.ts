import { sql } from 'kysely';
import { Gauge } from 'prom-client';

import type { Clock, Registry } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';

/** Registers what comparing shows to Prometheus; the returned function reads the store and sets the gauges. */
export function createReconcileMetrics(registry: Registry): (store: Store, clock: Clock) => Promise<void> {
  const registers = [registry];
  const drift = new Gauge({
    name: 'gpuopt_billing_drift_gpu_seconds',
    help: 'GPU-seconds by which sums of a provider differ from what it acknowledged: seen (read again first) or held (needs a person)',
    labelNames: ['provider', 'state'],
    registers,
  });
  const age = new Gauge({
    name: 'gpuopt_billing_reconcile_age_seconds',
    help: 'Seconds since the last comparison of a scope (hour, day) with a provider came to its end',
    labelNames: ['provider', 'scope'],
    registers,
  });
  return async (store, clock) => {
    const open = await store.db
      .selectFrom('drift')
      .select(['provider', 'state', sql<string>`sum(abs(ours - theirs))`.as('seconds')])
      .where('state', 'in', ['SEEN', 'HELD'])
      .groupBy(['provider', 'state'])
      .execute();
    const runs = await store.db
      .selectFrom('reconcile_run')
      .select(['provider', 'scope', ({ fn }) => fn.max('finished_at').as('at')])
      .where('scope', 'in', ['hour', 'day'])
      .groupBy(['provider', 'scope'])
      .execute();
    drift.reset();
    for (const { provider } of runs) {
      drift.set({ provider, state: 'seen' }, 0);
      drift.set({ provider, state: 'held' }, 0);
    }
    for (const { provider, state, seconds } of open)
      drift.set({ provider, state: state.toLowerCase() }, Number(seconds));
    for (const { provider, scope, at } of runs) {
      age.set({ provider, scope }, Math.max(0, (clock.now() - at.getTime()) / 1000));
    }
  };
}
