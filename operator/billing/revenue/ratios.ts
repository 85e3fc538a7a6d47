import type { MonthRevenue, Movements } from './movements.ts';

/** Shares in basis points, rounded towards zero; undefined where there was nothing to lose. */
export interface Ratios {
  /** Tenants that brought something the month before and bring nothing now, of those that did. */
  readonly customerChurn?: number;
  /** What contraction and churn took of the month before. */
  readonly revenueChurn?: number;
  /** What the tenants of the month before bring now, of what they brought: above 10,000 where they grow. */
  readonly netRetention?: number;
}

/** Churn and retention of a month. */
export function ratiosOf({ opening, moved }: Movements): Ratios {
  const { expansion, contraction, churn } = moved;
  const lost = -(contraction.amount + churn.amount);
  const kept = opening.amount + expansion.amount - lost;
  return {
    ...share('customerChurn', BigInt(churn.tenants), BigInt(opening.tenants)),
    ...share('revenueChurn', lost, opening.amount),
    ...share('netRetention', kept, opening.amount),
  };
}

function share<K extends keyof Ratios>(name: K, part: bigint, whole: bigint): Partial<Record<K, number>> | undefined {
  if (whole <= 0n) return undefined;
  const shares: Partial<Record<K, number>> = {};
  shares[name] = Number((part * 10_000n) / whole);
  return shares;
}

/**
 * What a model of lifetime value is fitted to, by tenant: BG/NBD takes how often and when a customer came back,
 * Gamma-Gamma how much he brings each time. A purchase is a month in which he brought something.
 */
export interface LifetimeInput {
  readonly tenant: string;
  readonly firstMonth: string;
  readonly lastMonth: string;
  /** Months with revenue after the first: the frequency x. */
  readonly repeats: number;
  /** Months from the first to the last with revenue: the recency t_x. */
  readonly recency: number;
  /** Months from the first to the one that is asked about: the age T. */
  readonly age: number;
  /** Of all months with revenue, together. */
  readonly total: bigint;
}

/** The inputs of every tenant that ever brought something up to `month`, by name; one row a tenant and month. */
export function lifetimeInputs(rows: readonly MonthRevenue[], month: string): readonly LifetimeInput[] {
  const paid = rows.filter((row) => row.amount > 0n && row.month <= month);
  return [...Map.groupBy(paid, ({ tenant }) => tenant)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([tenant, own]) => {
      const months = own.map((row) => row.month).toSorted();
      const [firstMonth, lastMonth] = [months[0], months.at(-1)];
      if (firstMonth === undefined || lastMonth === undefined) return [];
      const since = (one: string): number => monthNumber(one) - monthNumber(firstMonth);
      const total = own.reduce((sum, { amount }) => sum + amount, 0n);
      const counts = { repeats: months.length - 1, recency: since(lastMonth), age: since(month) };
      return [{ tenant, firstMonth, lastMonth, ...counts, total }];
    });
}

function monthNumber(month: string): number {
  const [year = '0', of = '0'] = month.split('-');
  return Number(year) * 12 + Number(of);
}
