import { sql, type Transaction } from 'kysely';

import { type BillingProvider, kinds } from '../../api/index.ts';
import type { Reader } from '../../runtime/index.ts';
import type { Schema } from '../../store/index.ts';
import { tenantsOf } from '../catalog/read.ts';

/** Who is charged, as the operator made him at the provider. */
export interface Payer {
  readonly customer: string;
  readonly subscription?: string;
}

/**
 * Whom items of a provider go to, by tenant: those whose customer the operator made, for whoever named one made its
 * subscription too, and what that charges. A tenant that is deleted owes his last month, so he is remembered; one that is
 * there and is charged otherwise is not.
 */
export async function keepPayers(
  trx: Transaction<Schema>,
  { metadata: { name: provider } }: BillingProvider,
  reader: Reader,
): Promise<ReadonlyMap<string, Payer>> {
  const rows = tenantsOf(provider, reader).flatMap(({ metadata, spec, status }) => {
    const { customerId: customer, subscriptionId: subscription = null } = status ?? {};
    if (customer === undefined || spec.billing?.customerId !== undefined) return [];
    return [{ provider, tenant: metadata.name, customer, subscription }];
  });
  const there = reader.list(kinds.Tenant).map(({ metadata }) => metadata.name);
  const charged = new Set(rows.map(({ tenant }) => tenant));
  const others = there.filter((name) => !charged.has(name));
  await trx
    .deleteFrom('item_payer')
    .where('provider', '=', provider)
    .where('tenant', '=', sql<string>`ANY(${others}::text[])`)
    .execute();
  if (rows.length > 0) {
    await trx
      .insertInto('item_payer')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['provider', 'tenant']).doUpdateSet((eb) => ({
          customer: eb.ref('excluded.customer'),
          subscription: eb.ref('excluded.subscription'),
        })),
      )
      .execute();
  }
  const kept = await trx.selectFrom('item_payer').selectAll().where('provider', '=', provider).execute();
  return new Map(
    kept.map(({ tenant, customer, subscription }) => {
      return [tenant, { customer, ...(subscription !== null && { subscription }) }];
    }),
  );
}
