/** Posts what a month holds besides usage, once the month is sealed, and shows what months bring. */
import { kinds } from '../../api/index.ts';
import type { Registry } from '../../observability/index.ts';
import { type Controller, singleton } from '../../runtime/index.ts';
import type { Store } from '../../store/index.ts';
import { createRevenueMetrics } from '../revenue/metrics.ts';
import { settleMonths } from './settle.ts';

/** The controller that settles months; also those of tenants and plans that are gone. */
export function monthsController(store: Store, registry: Registry): Controller {
  const showRevenue = createRevenueMetrics(registry);
  return singleton('billing-months')
    .watches(kinds.BillingPlan)
    .debounce('10s')
    .every('30m')
    .reconcile(async (ctx) => {
      await settleMonths(store);
      await showRevenue(store, ctx.now().getTime());
      return {};
    });
}
