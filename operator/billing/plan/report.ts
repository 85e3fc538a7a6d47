import type { ConditionIntent } from '../../runtime/index.ts';

/** The conditions of a BillingPlan. */
export function conditions(book: string, isPriced: boolean): readonly ConditionIntent[] {
  if (isPriced) {
    const message = 'tenants that name the plan are held to it';
    return [{ type: 'Ready', status: 'True', reason: 'PlanInForce', message }];
  }
  const message = `no PriceBook is a version of ${book}; create one or correct spec.book`;
  return [{ type: 'Ready', status: 'False', reason: 'BookMissing', message }];
}
