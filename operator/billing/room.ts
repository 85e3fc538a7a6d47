import type { Clock, Logger, Registry } from '../observability/index.ts';
import type { Room } from '../runtime/index.ts';
import { type Store, StoreError } from '../store/index.ts';
import { budgetController } from './budget/controller.ts';
import { catalogController } from './catalog/controller.ts';
import { usageCorrectionController } from './correction/controller.ts';
import { creditGrantController, creditsController } from './credit/controller.ts';
import { customersController } from './customer/controller.ts';
import { priceExperimentController } from './experiment/controller.ts';
import { monthsController } from './fees/controller.ts';
import { invoiceItemsController } from './invoice-items/controller.ts';
import { billingLinksController } from './links.ts';
import { createBillingMetrics } from './metrics.ts';
import type { SentMark } from './outbox/mark.ts';
import { sendDue } from './outbox/sender.ts';
import { billingPlanController } from './plan/controller.ts';
import { priceBookController } from './price-book/controller.ts';
import { billingProviderController } from './provider/controller.ts';
import { reconcileWorker } from './reconcile/worker.ts';
import { usageReportController } from './report/controller.ts';
import { createSinks } from './sinks/registry.ts';
import { standingController } from './standing/controller.ts';
import type { WebhookSource } from './webhooks/source.ts';
import { webhookWorker } from './webhooks/worker.ts';

/** What billing gets from the process that runs it. */
export interface BillingDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: Registry;
  /** Where Secrets with API keys are. */
  readonly operatorNamespace: string;
  /** Where the number of the last batch that left is kept. */
  readonly mark: SentMark;
}

const idleMillis = 1000;
const failureMillis = 10_000;

/** Billing: what sealed usage costs, and its way to the provider, each once. */
export function billingRoom({ store, clock, log, registry, operatorNamespace, mark }: BillingDeps): Room {
  const sinks = createSinks(clock);
  const sources = new Map<string, WebhookSource>();
  const metrics = createBillingMetrics(registry);
  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const pause = await round(signal);
      if (pause > 0) await clock.sleep(pause, signal).catch(() => undefined);
    }
  };
  const round = async (signal: AbortSignal): Promise<number> => {
    try {
      const attempts = await sendDue({ store, clock, log, sinks, mark }, signal);
      metrics.attempts.inc(attempts);
      await metrics.refresh(store, clock);
      return attempts > 0 ? 0 : idleMillis;
    } catch (error) {
      if (signal.aborted) return 0;
      // A successor writes now: this process must not try again.
      if (error instanceof StoreError && error.code === 'StoreFenced') throw error;
      log.error({ err: error }, 'could not work on the outbox, trying again');
      return failureMillis;
    }
  };
  return {
    name: 'billing',
    controllers: [
      priceBookController(store),
      priceExperimentController(store),
      billingProviderController({ store, sinks, sources, clock, operatorNamespace }),
      catalogController({ store, sinks, operatorNamespace }),
      invoiceItemsController({ store, sinks, operatorNamespace }),
      customersController({ store, sinks, operatorNamespace }),
      billingLinksController(store),
      billingPlanController(),
      monthsController(store, registry),
      budgetController(store),
      usageCorrectionController(store),
      creditGrantController(store),
      creditsController(store),
      standingController(store),
      usageReportController(store, registry),
    ],
    runnables: [
      { name: 'billing-sender', where: 'leader', run },
      reconcileWorker({ store, clock, log, registry, sinks }),
      webhookWorker({ store, clock, log, registry, sources }),
    ],
  };
}
