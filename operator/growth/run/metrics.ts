import { Counter } from 'prom-client';
import type { Registry } from '../../observability/index.ts';
import type { RunStore } from './contract.ts';

/** Counts what runs report: mails by state and ends of runs. */
export function meteredRunStore(inner: RunStore, registry: Registry): RunStore {
  const messages = new Counter({
    name: 'growth_messages_total',
    help: 'Mails by what the mail server did with them',
    labelNames: ['state'],
    registers: [registry],
  });
  const runs = new Counter({
    name: 'growth_runs_total',
    help: 'Ends of attempts of runs by outcome',
    labelNames: ['kind', 'outcome'],
    registers: [registry],
  });
  const prevented = new Counter({
    name: 'growth_duplicates_prevented_total',
    help: 'Jobs that found their period done',
    registers: [registry],
  });
  for (const state of ['accepted', 'deferred', 'rejected', 'unknown']) messages.inc({ state }, 0);
  return {
    ...inner,
    claim: async (request, signal) => {
      const claim = await inner.claim(request, signal);
      if (claim.kind === 'done') prevented.inc();
      return claim;
    },
    recordDelivery: async (fence, delivery, signal) => {
      await inner.recordDelivery(fence, delivery, signal);
      messages.inc({ state: delivery.state });
    },
    finish: async (fence, message, signal) => {
      await inner.finish(fence, message, signal);
      runs.inc({ kind: 'GrowthCampaign', outcome: 'Succeeded' });
    },
    fail: async (fence, failure, signal) => {
      await inner.fail(fence, failure, signal);
      runs.inc({ kind: 'GrowthCampaign', outcome: 'Failed' });
    },
  };
}
