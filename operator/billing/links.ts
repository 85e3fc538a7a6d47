/** Keeps in the store who charges which tenant, and freezes what was sealed before that was known. */
import { kinds, type Tenant } from '../api/index.ts';
import { type Controller, type Reader, singleton } from '../runtime/index.ts';
import type { Store } from '../store/index.ts';
import { freezeBacklog } from './outbox/backlog.ts';
import { bookOf, planOf } from './plan/agreed.ts';
import { writeIncluded } from './rating/stored.ts';

/** The controller of the links between tenants and providers. */
export function billingLinksController(store: Store): Controller {
  return singleton('billing-links')
    .watches(kinds.Tenant)
    .watches(kinds.BillingPlan)
    .watches(kinds.PriceBook)
    .watches(kinds.BillingProvider)
    .debounce('1s')
    .every('30s')
    .reconcile(async (ctx) => {
      await keepLinks(store, ctx.list(kinds.Tenant), ctx);
      await freezeBacklog(store);
      return {};
    });
}

/** A tenant that is deleted or no longer charged keeps what was frozen; only nothing new is. */
async function keepLinks(store: Store, tenants: readonly Tenant[], reader: Reader): Promise<void> {
  const links = tenants.flatMap((tenant) => {
    const { billing } = tenant.spec;
    const book = bookOf(tenant, reader);
    const customer = billing?.customerId ?? tenant.status?.customerId;
    // No plan, or no customer made for him yet: his usage waits for a price and a payer, like any other.
    if (billing === undefined || book === undefined || customer === undefined) return [];
    const included = writeIncluded(planOf(tenant, reader)?.spec.included ?? []);
    const { providerRef } = billing;
    return [{ tenant: tenant.metadata.name, provider: providerRef.name, customer, book, included }];
  });
  await store.fence.within(async (trx) => {
    const names = links.map(({ tenant }) => tenant);
    const stale = trx.deleteFrom('customer_link');
    await (names.length === 0 ? stale : stale.where('tenant', 'not in', names)).execute();
    if (names.length === 0) return;
    await trx
      .insertInto('customer_link')
      .values(links)
      .onConflict((conflict) =>
        conflict.column('tenant').doUpdateSet((eb) => ({
          provider: eb.ref('excluded.provider'),
          customer: eb.ref('excluded.customer'),
          book: eb.ref('excluded.book'),
          included: eb.ref('excluded.included'),
        })),
      )
      .execute();
  });
}
