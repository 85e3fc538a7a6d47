/** Keeps in the store who charges which tenant and what his plan holds him to, and freezes what was sealed before that was known. */
import { sql } from 'kysely';

import { kinds, type Tenant } from '../api/index.ts';
import { type Controller, type Reader, singleton } from '../runtime/index.ts';
import type { Store } from '../store/index.ts';
import { keepTerms } from './fees/terms.ts';
import { freezeBacklog } from './outbox/backlog.ts';
import { bookOf, planOf } from './plan/agreed.ts';
import { writeIncluded } from './rating/stored.ts';

/** The controller of the links between tenants and providers. */
export function billingLinksController(store: Store): Controller {
  return singleton('billing-links')
    .watches(kinds.Tenant)
    .watches(kinds.BillingPlan)
    .watches(kinds.PriceBook)
    .watches(kinds.PriceExperiment)
    .watches(kinds.BillingProvider)
    .debounce('1s')
    .every('30s')
    .reconcile(async (ctx) => {
      const tenants = ctx.list(kinds.Tenant);
      await keepLinks(store, tenants, ctx);
      await keepTerms(store, tenants, ctx, ctx.now().getTime());
      await freezeBacklog(store);
      return {};
    });
}

/**
 * A tenant that is no longer charged keeps what was frozen; only nothing new is. One that is deleted pays for what he held
 * until then: his link stays until the last of it is sealed.
 */
async function keepLinks(store: Store, tenants: readonly Tenant[], reader: Reader): Promise<void> {
  const links = tenants.flatMap((tenant) => {
    const { billing } = tenant.spec;
    const book = bookOf(tenant, reader);
    const customer = billing?.customerId ?? tenant.status?.customerId;
    // No plan, or no customer made for him yet: his usage waits for a price and a payer, like any other.
    if (billing === undefined || book === undefined || customer === undefined) return [];
    const plan = planOf(tenant, reader)?.spec;
    const included = writeIncluded(plan?.included ?? []);
    const provider = billing.providerRef.name;
    const sendsItems = reader.get(kinds.BillingProvider, { name: provider })?.spec.catalog?.fees === 'InvoiceItems';
    const corrections = sendsItems ? (plan?.corrections ?? null) : null;
    return [{ tenant: tenant.metadata.name, provider, customer, book, included, corrections }];
  });
  await store.fence.within(async (trx) => {
    const names = links.map(({ tenant }) => tenant);
    const there = tenants.map(({ metadata }) => metadata.name);
    await sql`DELETE FROM customer_link AS l WHERE NOT l.tenant = ANY(${names}::text[])
      AND (l.tenant = ANY(${there}::text[]) OR NOT EXISTS (SELECT FROM alloc_interval AS i WHERE i.tenant = l.tenant
        AND (i.closed_at IS NULL OR i.closed_at > (SELECT coalesce(max(window_end), '-infinity') FROM sealed_grid)))
      )`.execute(trx);
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
          corrections: eb.ref('excluded.corrections'),
        })),
      )
      .execute();
  });
}
