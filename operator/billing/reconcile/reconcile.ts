import type { Clock, Logger } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import type { Sinks } from '../sinks/registry.ts';
import { comparePairs, type PassDeps, revisitSuspects } from './pass.ts';
import { type Draft, dueScopes, type Scope } from './schedule.ts';

/** What the comparison with providers works with. */
export interface ReconcileDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sinks: Sinks;
}

/**
 * Compares the sums of every provider that has any with what it acknowledged, as far as that is due, and corrects what
 * differs (R12). A comparison that breaks off leaves no run, so it is made again.
 */
export async function reconcileDue({ store, clock, log, sinks }: ReconcileDeps, signal: AbortSignal): Promise<void> {
  for (const [provider, entry] of sinks.open()) {
    if (entry.sink.recordedSums === undefined) continue;
    const deps = { store, clock, provider, entry, bound: entry.correctUpTo };
    await revisitSuspects(deps, signal);
    const last = await readLast(store, provider);
    for (const scope of dueScopes(clock.now(), await readDrafts(store, provider), (name) => last.get(name))) {
      signal.throwIfAborted();
      await compare(deps, log, scope, signal);
    }
  }
}

async function compare(deps: PassDeps, log: Logger, scope: Scope, signal: AbortSignal): Promise<void> {
  const { store, clock, provider } = deps;
  const started_at = new Date(clock.now());
  const { checked, differing } = await comparePairs(deps, scope, signal);
  await store.fence.within(async (trx) => {
    await trx
      .insertInto('reconcile_run')
      .values({ provider, scope: scope.name, started_at, finished_at: new Date(clock.now()), checked, differing })
      .execute();
  });
  if (differing > 0) log.warn({ provider, scope: scope.name, checked, differing }, 'sums of the provider differ');
}

async function readLast(store: Store, provider: string): Promise<ReadonlyMap<string, number>> {
  const rows = await store.db
    .selectFrom('reconcile_run')
    .select(['scope', ({ fn }) => fn.max('started_at').as('at')])
    .where('provider', '=', provider)
    .groupBy('scope')
    .execute();
  return new Map(rows.map(({ scope, at }) => [scope, at.getTime()]));
}

async function readDrafts(store: Store, provider: string): Promise<readonly Draft[]> {
  const rows = await store.db
    .selectFrom('invoice_mirror')
    .select(['invoice', 'customer', 'period_start', 'period_end'])
    .where('provider', '=', provider)
    .where('status', '=', 'draft')
    .execute();
  return rows.map(({ invoice, customer, period_start, period_end }) => ({
    ...{ invoice, customer, start: period_start.getTime(), end: period_end.getTime() },
  }));
}
