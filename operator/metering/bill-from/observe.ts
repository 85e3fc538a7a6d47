import { kinds } from '../../api/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { unassigned } from '../labels.ts';

/** What opens the intervals of a tenant. */
export type BillFrom = 'Bound' | 'Running';

/**
 * Answers by what the intervals of a tenant open, as the plan says that he names; undefined where there is no such tenant.
 * A plan that is named and not there may say either: until it is, its tenants pay the least.
 */
export function createPlanLookup(reader: Reader): (tenant: string) => BillFrom | undefined {
  const plans = new Map(
    reader.list(kinds.BillingPlan).map(({ metadata, spec }) => [metadata.name, spec.billFrom ?? 'Bound']),
  );
  const tenants = new Map(
    reader.list(kinds.Tenant).map(({ metadata, spec }): [string, BillFrom] => {
      const { planRef } = spec;
      return [metadata.name, planRef === undefined ? 'Bound' : (plans.get(planRef.name) ?? 'Running')];
    }),
  );
  return (tenant) => (tenant === unassigned ? 'Bound' : tenants.get(tenant));
}
