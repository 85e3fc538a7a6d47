import { kinds } from '../api/index.ts';
import type { Clock } from '../observability/index.ts';
import type { Client } from '../runtime/index.ts';
import { PortalProblem } from './problem.ts';
import { remembering } from './remember.ts';

/** Whether a tenant's plan has the portal in it. */
export interface Entitlement {
  /** Throws `NotEntitled` where the plan that the tenant names leaves the portal out. */
  require(tenant: string): Promise<void>;
}

const readMillis = 10_000;

/**
 * Asks the cluster for the Tenant and its plan; answers are kept for 30 seconds. Only a plan that says so leaves anything
 * out: neither a tenant without one, nor one that is gone, nor a plan that does not exist does.
 */
export function planEntitlement(client: Pick<Client, 'get'>, clock: Clock): Entitlement {
  const plans = remembering<string | undefined>(clock);
  return {
    require: async (tenant) => {
      const plan = await plans(tenant, () => planWithout(client, tenant));
      if (plan === undefined) return;
      throw new PortalProblem('NotEntitled', `the plan ${plan} of tenant ${tenant} does not include the portal`);
    },
  };
}

/** The tenant's plan if it leaves the portal out. */
async function planWithout(client: Pick<Client, 'get'>, tenant: string): Promise<string | undefined> {
  const signal = AbortSignal.timeout(readMillis);
  const found = await client.get(kinds.Tenant, { name: tenant }, signal);
  const name = found?.spec.planRef?.name;
  const plan = name === undefined ? undefined : await client.get(kinds.BillingPlan, { name }, signal);
  const { entitlements } = plan?.spec ?? {};
  return entitlements === undefined || entitlements.includes('Portal') ? undefined : name;
}
