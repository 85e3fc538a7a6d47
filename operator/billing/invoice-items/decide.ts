/** What of months' fees and commitments the provider has not been told; pure. */

import type { ItemKind } from '../fees/month.ts';
import { divideRounded, one } from '../money/decimal.ts';

/** What a tenant's month comes to of one kind, and what is frozen of it for the provider. */
export interface MonthTotal {
  readonly tenant: string;
  /** Of late usage: where its events would have gone. Else it is the tenant's own customer. */
  readonly to?: { readonly provider: string; readonly customer: string };
  /** Milliseconds since 1970. */
  readonly monthEnd: number;
  readonly kind: ItemKind | 'late' | 'credit';
  readonly currency: string;
  /** Minor units in the scale of money/decimal.ts. */
  readonly amount: bigint;
  /** Whole minor units. */
  readonly frozen: bigint;
  /** Rows that are frozen. */
  readonly rows: number;
}

/** An item to freeze: the difference between what a month comes to and what was frozen of it. */
export interface NewItem extends Pick<MonthTotal, 'tenant' | 'monthEnd' | 'kind' | 'currency'> {
  /** Names it here and at the provider. */
  readonly key: string;
  /** Whole minor units, not 0; negative where something is given back. */
  readonly amount: bigint;
  readonly customer: string;
}

/**
 * The items that are missing, by the customers of tenants. What the provider is charged in all is the month's sum rounded to
 * the minor unit once, however often it changes.
 */
export function newItems(
  totals: readonly MonthTotal[],
  customers: ReadonlyMap<string, { readonly customer: string }>,
): readonly NewItem[] {
  return totals.flatMap(({ amount: exact, frozen, rows, to, ...about }): NewItem[] => {
    const { tenant, monthEnd, kind, currency } = about;
    const amount = divideRounded(exact, one) - frozen;
    const customer = to?.customer ?? customers.get(tenant)?.customer;
    if (amount === 0n || customer === undefined) return [];
    const month = new Date(monthEnd - 1).toISOString().slice(0, 7);
    // A tenant may have had several customers in a month, and providers.
    const whose = to === undefined ? tenant : `${to.provider}/${tenant}/${customer}`;
    return [{ ...about, key: `${kind}/${whose}/${month}/${currency}/${rows}`, amount, customer }];
  });
}
