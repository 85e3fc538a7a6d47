/** Posts what a month holds besides usage, once the month is sealed. */
import { kinds } from '../../api/index.ts';
import { type Controller, singleton } from '../../runtime/index.ts';
import type { Store } from '../../store/index.ts';
import { settleMonths } from './settle.ts';

/** The controller that settles months; also those of tenants and plans that are gone. */
export function monthsController(store: Store): Controller {
  return singleton('billing-months')
    .watches(kinds.BillingPlan)
    .debounce('10s')
    .every('30m')
    .reconcile(async () => {
      await settleMonths(store);
      return {};
    });
}
