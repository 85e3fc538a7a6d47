import type { BillingPlanSpec } from '../../api/index.ts';
import type { ConditionIntent } from '../../runtime/index.ts';
import { contradicts } from './agreed.ts';

/** What is known beside the plan itself. */
export interface PlanFacts {
  /** Whether its list has a version. */
  readonly isPriced: boolean;
  /** Providers that charge tenants on it and take no items, by name. */
  readonly without: readonly string[];
}

/** The conditions of a BillingPlan. */
export function conditions(spec: BillingPlanSpec, { isPriced, without }: PlanFacts): readonly ConditionIntent[] {
  return [...ready(spec, isPriced), ...(spec.corrections === undefined ? [] : [corrected(without)])];
}

function corrected(without: readonly string[]): ConditionIntent {
  const type = 'CorrectionsBilled';
  if (without.length === 0) {
    const message = 'late usage of tenants on the plan is billed as spec.corrections says';
    return { type, status: 'True', reason: 'ItemsSent', message };
  }
  const message = `late usage is sent and never billed where these charge tenants on the plan: ${without.join(', ')}; say spec.catalog.fees: InvoiceItems there`;
  return { type, status: 'False', reason: 'ItemsNotSent', message };
}

function ready({ book, commitment }: BillingPlanSpec, isPriced: boolean): readonly ConditionIntent[] {
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
