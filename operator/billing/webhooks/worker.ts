import type { Clock, Logger, Registry } from '../../observability/index.ts';
import type { Runnable } from '../../runtime/index.ts';
import { type Store, StoreError } from '../../store/index.ts';
import { createInboxMetrics, webhookReceipts } from './metrics.ts';
import type { WebhookSource } from './source.ts';
import { workInbox } from './work.ts';

/** What the worker gets from the room. */
export interface WorkerDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: Registry;
  /** How each provider is asked, by its name; the BillingProvider controller fills it. */
  readonly sources: ReadonlyMap<string, WebhookSource>;
}

/** A person sees a payment this soon after the provider told of it. */
const idleMillis = 2000;
const failureMillis = 10_000;

/** Works through the inboxes of all providers while this process leads. */
export function webhookWorker({ store, clock, log, registry, sources }: WorkerDeps): Runnable {
  const refresh = createInboxMetrics(registry);
  // Made here too, so that it is shown by a process that has not been sent any.
  webhookReceipts(registry);
  const round = async (signal: AbortSignal): Promise<number> => {
    try {
      let worked = 0;
      for (const [provider, source] of sources)
        worked += await workInbox({ store, clock, log }, provider, source, signal);
      await refresh(store, clock);
      return worked > 0 ? 0 : idleMillis;
    } catch (error) {
      if (signal.aborted) return 0;
      // A successor works now: this process must not try again.
      if (error instanceof StoreError && error.code === 'StoreFenced') throw error;
      log.error({ err: error }, 'could not work through the webhooks, trying again');
      return failureMillis;
    }
  };
  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const pause = await round(signal);
      if (pause > 0) await clock.sleep(pause, signal).catch(() => undefined);
    }
  };
  return { name: 'billing-webhooks', where: 'leader', run };
}
