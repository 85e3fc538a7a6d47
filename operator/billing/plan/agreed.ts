import { type BillingPlan, type BillingPlanSpec, kinds, type PriceExperiment, type Tenant } from '../../api/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { takesPart } from '../experiment/decide.ts';
import { parseDecimal } from '../money/decimal.ts';

/** The plan that a tenant names, where there is one of this name. */
export function planOf(tenant: Tenant, reader: Reader): BillingPlan | undefined {
  const { planRef } = tenant.spec;
  return planRef && reader.get(kinds.BillingPlan, { name: planRef.name });
}

/**
 * The price list by which a tenant pays: his own, else what an experiment of his plan gave him, else his plan's. None while
 * an experiment that runs has not given him his yet: nothing is sold to him by a list that he would not keep.
 */
export function bookOf(tenant: Tenant, reader: Reader): string | undefined {
  const own = tenant.spec.billing?.book;
  if (own !== undefined) return own;
  const plan = planOf(tenant, reader);
  const given = tenant.status?.priceExperiment;
  if (plan === undefined) return undefined;
  if (given?.plan === plan.metadata.name) return given.book ?? plan.spec.book;
  return reader.list(kinds.PriceExperiment).some((one) => isRunning(one) && takesPart(one.spec, tenant))
    ? undefined
    : plan.spec.book;
}

function isRunning({ status }: PriceExperiment): boolean {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
}

/** Whether a commitment's minimum is above its maximum: the rules of the API server do not compare decimals that are text. */
export function contradicts(commitment: BillingPlanSpec['commitment']): boolean {
  const { minimum, maximum } = commitment ?? {};
  if (minimum === undefined || maximum === undefined) return false;
  return parseDecimal(minimum) > parseDecimal(maximum);
}
