import type { Clock, Logger, Registry } from '../../observability/index.ts';
import type { Runnable } from '../../runtime/index.ts';
import { type Store, StoreError } from '../../store/index.ts';
import type { Sinks } from '../sinks/registry.ts';
import { createReconcileMetrics } from './metrics.ts';
import { reconcileDue } from './reconcile.ts';

/** What the worker gets from the room. */
export interface ReconcileWorkerDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: Registry;
  readonly sinks: Sinks;
}

/** What differs is looked at again two minutes after; asking whether anything is due costs a few small queries. */
const pauseMillis = 15_000;
/** A comparison begins anew after a failure, so it must not fail in a tight loop. */
const failureMillis = 300_000;

/** Compares with the providers for as long as this process leads. */
export function reconcileWorker({ store, clock, log, registry, sinks }: ReconcileWorkerDeps): Runnable {
  const refresh = createReconcileMetrics(registry);
  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      let pause = pauseMillis;
      try {
        await reconcileDue({ store, clock, log, sinks }, signal);
        await refresh(store, clock);
      } catch (error) {
        if (signal.aborted) return;
        // A successor compares now: this process must not try again.
        if (error instanceof StoreError && error.code === 'StoreFenced') throw error;
        log.error({ err: error }, 'could not compare with the provider, trying again');
        pause = failureMillis;
      }
      await clock.sleep(pause, signal).catch(() => undefined);
    }
  };
  return { name: 'billing-reconcile', where: 'leader', run };
}
