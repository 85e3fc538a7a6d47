/** Says whether a plan can be held to, and how many tenants are on it. */
import { kinds, type PriceBook, type Tenant } from '../../api/index.ts';
import { type Controller, controller, type Key, type Reader } from '../../runtime/index.ts';
import { conditions } from './report.ts';

/** The controller of BillingPlans. */
export function billingPlanController(): Controller {
  return controller(kinds.BillingPlan)
    .watches(kinds.Tenant, planNamed)
    .watches(kinds.PriceBook, plansBy)
    .reconcile(async (plan, ctx) => {
      const { name } = plan.metadata;
      const tenants = ctx.list(kinds.Tenant).filter(({ spec }) => spec.planRef?.name === name);
      const isPriced = ctx.list(kinds.PriceBook).some(({ spec }) => spec.book === plan.spec.book);
      return { status: { tenantCount: tenants.length, conditions: conditions(plan.spec, isPriced) } };
    });
}

function planNamed({ spec }: Tenant): readonly Key[] {
  return spec.planRef === undefined ? [] : [{ name: spec.planRef.name }];
}

function plansBy(changed: PriceBook, reader: Reader): readonly Key[] {
  return reader
    .list(kinds.BillingPlan)
    .filter(({ spec }) => spec.book === changed.spec.book)
    .map(({ metadata }) => ({ name: metadata.name }));
}
