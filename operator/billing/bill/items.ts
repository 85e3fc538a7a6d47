import type { Kysely } from 'kysely';

import { type Period, periodOf } from '../../metering/index.ts';
import type { Schema } from '../../store/index.ts';
import { readItems } from '../fees/items.ts';
import type { ItemKind } from '../fees/month.ts';
import { readTerms } from '../fees/terms.ts';
import { formatDecimal, one } from '../money/decimal.ts';
import { toMajor } from '../money/price.ts';

/** What a calendar month (UTC) holds besides usage. */
export interface ItemLine {
  /** A plan's fee, what usage lacks of a minimum or has above a maximum, or usage that an earlier invoice came too soon for. */
  readonly kind: ItemKind | 'late';
  /** Whose fee it is; absent for a commitment, which is of all plans of the month together. */
  readonly plan?: string;
  /** The month: RFC 3339, half-open. */
  readonly from: string;
  readonly to: string;
  readonly currency: string;
  /** Rounded to the currency's minor unit, for people; negative above a maximum. */
  readonly amount: string;
  /** Minor units, exact. */
  readonly exactMinor: string;
}

/**
 * The items of the months that end in a period and have begun. A month that runs is shown as though the tenant stayed on
 * his plan until its end and used nothing more. `now` in milliseconds since 1970.
 */
export async function readItemLines(
  db: Kysely<Schema>,
  tenant: string,
  { from, to }: { readonly from: Date; readonly to: Date },
  now: number,
): Promise<readonly ItemLine[]> {
  const lines: ItemLine[] = [];
  for (const month of monthsEndingIn(from.getTime(), to.getTime(), now)) {
    const items = await readItems(db, tenant, await readTerms(db, month, tenant), month);
    const span = { from: new Date(month.start).toISOString(), to: new Date(month.end).toISOString() };
    for (const { amount, currency, ...item } of items) {
      lines.push({ ...item, ...span, currency, amount: toMajor(amount, currency), exactMinor: formatDecimal(amount) });
    }
  }
  return lines;
}

/** Late usage that is on the invoice of a period, or waits for it: items that were made in it, or are not made yet. */
export async function readLateLines(
  db: Kysely<Schema>,
  tenant: string,
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<readonly ItemLine[]> {
  const rows = await db
    .selectFrom('invoice_item')
    .select(['month_end', 'currency', 'amount'])
    .where('tenant', '=', tenant)
    .where('kind', '=', 'late')
    .where('form', '=', 'InvoiceItem')
    .where((eb) => eb.or([eb('sent_at', 'is', null), eb.and([eb('sent_at', '>=', from), eb('sent_at', '<', to)])]))
    .orderBy('month_end')
    .orderBy('key')
    .execute();
  return rows.map(({ month_end, currency, amount }) => {
    const month = periodOf('Month', month_end.getTime() - 1);
    const span = { from: new Date(month.start).toISOString(), to: month_end.toISOString() };
    const exact = BigInt(amount) * one;
    return { kind: 'late', ...span, currency, amount: toMajor(exact, currency), exactMinor: formatDecimal(exact) };
  });
}

function monthsEndingIn(from: number, to: number, now: number): readonly Period[] {
  const months: Period[] = [];
  let month = periodOf('Month', from);
  while (month.end <= to && month.start <= now) {
    months.push(month);
    month = periodOf('Month', month.end);
  }
  return months;
}
