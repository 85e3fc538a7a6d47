import { type BillingPlan, type BillingPlanSpec, kinds, type Tenant } from '../../api/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { parseDecimal } from '../money/decimal.ts';

/** The plan that a tenant names, where there is one of this name. */
export function planOf(tenant: Tenant, reader: Reader): BillingPlan | undefined {
  const { planRef } = tenant.spec;
  return planRef && reader.get(kinds.BillingPlan, { name: planRef.name });
}

/** The price list by which a tenant pays: his own, else his plan's. */
export function bookOf(tenant: Tenant, reader: Reader): string | undefined {
  return tenant.spec.billing?.book ?? planOf(tenant, reader)?.spec.book;
}

/** Whether a commitment's minimum is above its maximum: the rules of the API server do not compare decimals that are text. */
export function contradicts(commitment: BillingPlanSpec['commitment']): boolean {
  const { minimum, maximum } = commitment ?? {};
  if (minimum === undefined || maximum === undefined) return false;
  return parseDecimal(minimum) > parseDecimal(maximum);
}
