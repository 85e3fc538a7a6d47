import type { Kysely } from 'kysely';

import { periodOf } from '../../metering/index.ts';
import type { Schema } from '../../store/index.ts';
import type { UnsentItem } from './repository.ts';

/**
 * The final invoice of a month off which late usage that gives back is taken: where the tenant's plan says CreditNote, and
 * the latest one that has so much left. Undefined where there is none, so that the next invoice has it.
 */
export async function readCreditable(
  db: Kysely<Schema>,
  provider: string,
  { kind, tenant, customer, currency, amount, monthEnd }: UnsentItem,
): Promise<string | undefined> {
  if (kind !== 'late' || amount >= 0n) return undefined;
  const row = await db
    .selectFrom('customer_link as l')
    .innerJoin('invoice_mirror as m', 'm.provider', 'l.provider')
    .select('m.invoice')
    .where('l.tenant', '=', tenant)
    .where('l.provider', '=', provider)
    .where('l.corrections', '=', 'CreditNote')
    .where('m.customer', '=', customer)
    .where('m.currency', '=', currency)
    .where('m.subscription', 'is not', null)
    .where('m.status', 'in', ['open', 'paid'])
    .where('m.period_start', '<', new Date(monthEnd))
    .where('m.period_end', '>', new Date(periodOf('Month', monthEnd - 1).start))
    .where(({ eb, ref }) => eb(eb(ref('m.total'), '-', ref('m.credited')), '>=', (-amount).toString()))
    .orderBy('m.period_end', 'desc')
    .orderBy('m.invoice')
    .limit(1)
    .executeTakeFirst();
  return row?.invoice;
}
