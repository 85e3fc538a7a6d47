/** Says whether a plan can be held to, and how many tenants are on it. */
import { type BillingProvider, kinds, type PriceBook, type Tenant } from '../../api/index.ts';
import { type Controller, controller, type Key, type Reader } from '../../runtime/index.ts';
import { conditions } from './report.ts';

/** The controller of BillingPlans. */
export function billingPlanController(): Controller {
  return controller(kinds.BillingPlan)
    .watches(kinds.Tenant, planNamed)
    .watches(kinds.PriceBook, plansBy)
    .watches(kinds.BillingProvider, plansThatCorrect)
    .reconcile(async (plan, ctx) => {
      const { name } = plan.metadata;
      const tenants = ctx.list(kinds.Tenant).filter(({ spec }) => spec.planRef?.name === name);
      const isPriced = ctx.list(kinds.PriceBook).some(({ spec }) => spec.book === plan.spec.book);
      const without = withoutItems(tenants, ctx);
      return { status: { tenantCount: tenants.length, conditions: conditions(plan.spec, { isPriced, without }) } };
    });
}

/** Providers that charge the tenants and take no items, by name. */
function withoutItems(tenants: readonly Tenant[], reader: Reader): readonly string[] {
  const names = new Set(tenants.flatMap(({ spec }) => spec.billing?.providerRef.name ?? []));
  return [...names]
    .filter((name) => reader.get(kinds.BillingProvider, { name })?.spec.catalog?.fees !== 'InvoiceItems')
    .toSorted();
}

function plansThatCorrect(_: BillingProvider, reader: Reader): readonly Key[] {
  return reader
    .list(kinds.BillingPlan)
    .filter(({ spec }) => spec.corrections !== undefined)
    .map(({ metadata }) => ({ name: metadata.name }));
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
