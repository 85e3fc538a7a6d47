import type { BillingPlanSpec } from '../../api/index.ts';
import type { ConditionIntent } from '../../runtime/index.ts';
import { contradicts } from './agreed.ts';

/** The conditions of a BillingPlan. */
export function conditions({ book, commitment }: BillingPlanSpec, isPriced: boolean): readonly ConditionIntent[] {
  if (!isPriced) {
    const message = `no PriceBook is a version of ${book}; create one or correct spec.book`;
    return [{ type: 'Ready', status: 'False', reason: 'BookMissing', message }];
  }
  if (contradicts(commitment)) {
    const { minimum, maximum } = commitment ?? {};
    const message = `spec.commitment.minimum ${minimum} is above spec.commitment.maximum ${maximum}, so neither holds; lower the minimum or raise the maximum`;
    return [{ type: 'Ready', status: 'False', reason: 'CommitmentContradicts', message }];
  }
  const message = 'tenants that name the plan are held to it';
  return [{ type: 'Ready', status: 'True', reason: 'PlanInForce', message }];
}
