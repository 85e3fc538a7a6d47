/**
 * What a calendar month (UTC) holds for a tenant besides usage, by the plans that he was on; pure. Times are milliseconds
 * since 1970, amounts minor units in the scale of money/decimal.ts.
 *
 *   item      amount
 *   fee       each plan's fee for the time on it
 *   minimum   what usage lacks of the minimum for the time on plans that have one
 *   maximum   what usage has above the maximum for the time on plans that have one, negative
 *
 * Usage counts for a commitment where its window begins while the commitment holds. Fees do not count for it.
 */
import type { Period } from '../../metering/index.ts';
import { prorate } from './prorate.ts';

/** What a tenant was held to in [start, end): the fee and the commitment of one plan, each for a whole month. */
export interface Term extends Period {
  readonly plan: string;
  readonly currency: string;
  readonly fee: bigint;
  readonly minimum?: bigint;
  readonly maximum?: bigint;
}

/** What windows that begin at a moment cost. */
export interface WindowCost {
  readonly start: number;
  readonly currency: string;
  readonly amount: bigint;
}

/** The kinds of items, in the order in which they are shown; each is a kind of posting too. */
export const itemKinds = ['fee', 'minimum', 'maximum'] as const;
export type ItemKind = (typeof itemKinds)[number];

/** A line of a month's bill that is no usage. */
export interface MonthItem {
  readonly kind: ItemKind;
  readonly currency: string;
  /** Whose fee it is; a commitment is of all plans of the month together. */
  readonly plan?: string;
  /** Not 0; negative for what is above the maximum. */
  readonly amount: bigint;
}

/** The items of a month, by currency; what lies outside the month counts for nothing. */
export function monthItems(terms: readonly Term[], costs: readonly WindowCost[], month: Period): readonly MonthItem[] {
  const within = terms.flatMap((term) => {
    const [start, end] = [Math.max(term.start, month.start), Math.min(term.end, month.end)];
    return start < end ? [{ ...term, start, end }] : [];
  });
  return [...Map.groupBy(within, ({ currency }) => currency)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([currency, own]) => itemsOf(currency, own, costs, month).filter(({ amount }) => amount !== 0n));
}

function itemsOf(
  currency: string,
  terms: readonly Term[],
  costs: readonly WindowCost[],
  month: Period,
): readonly MonthItem[] {
  const fees = prorate(
    terms.map((term) => ({ key: term.plan, monthly: term.fee, seconds: seconds(term) })),
    seconds(month),
  );
  const spent = costs.filter((cost) => cost.currency === currency);
  const [least, most] = [gap(terms, 'minimum', spent, month), gap(terms, 'maximum', spent, month)];
  return [
    ...[...fees]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([plan, amount]) => {
        return { kind: 'fee' as const, currency, plan, amount };
      }),
    { kind: 'minimum', currency, amount: least > 0n ? least : 0n },
    { kind: 'maximum', currency, amount: most < 0n ? most : 0n },
  ];
}

/** What a bound is more than the usage that counts for it; 0 where no plan has the bound. */
function gap(
  terms: readonly Term[],
  bound: 'minimum' | 'maximum',
  costs: readonly WindowCost[],
  month: Period,
): bigint {
  const bounded = terms.flatMap((term) => {
    const monthly = term[bound];
    return monthly === undefined ? [] : [{ term, share: { key: bound, monthly, seconds: seconds(term) } }];
  });
  const committed = prorate(
    bounded.map(({ share }) => share),
    seconds(month),
  );
  const counted = costs.filter(({ start }) => bounded.some(({ term }) => start >= term.start && start < term.end));
  return (committed.get(bound) ?? 0n) - counted.reduce((sum, { amount }) => sum + amount, 0n);
}

function seconds({ start, end }: Period): bigint {
  return BigInt(end - start) / 1000n;
}
