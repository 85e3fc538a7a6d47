/**
 * How the monthly revenue of one currency came to be what it is; pure, in integers. A month's revenue is what the journal
 * says was earned in it. From one month to the next, what a tenant brings moves in exactly one way:
 *
 *   before   now   earlier months    movement
 *     –       +    never             new
 *     –       +    at some time      reactivation
 *     +      more                    expansion
 *     +      less                    contraction
 *     +       –                      churn
 *
 * so that opening + new + reactivation + expansion + contraction + churn = closing, exactly.
 */

/** What a tenant brought in a month of the calendar, `2026-01`; amounts in the scale of money/decimal.ts. */
export interface MonthRevenue {
  readonly tenant: string;
  readonly month: string;
  /** Not above zero where corrections took back more than was used: then the tenant brought nothing. */
  readonly amount: bigint;
}

/** The kinds of movement, in the order in which they are shown. */
export const movementKinds = ['new', 'reactivation', 'expansion', 'contraction', 'churn'] as const;
export type MovementKind = (typeof movementKinds)[number];

/** Tenants and the sum of what they changed. */
export interface Tally {
  readonly tenants: number;
  /** Negative for contraction and churn. */
  readonly amount: bigint;
}

/** The month's revenue, and how it follows from that of the month before. */
export interface Movements {
  readonly opening: Tally;
  readonly closing: Tally;
  readonly moved: Readonly<Record<MovementKind, Tally>>;
}

/** The movements into `month`, of rows of one currency up to it; several rows of a tenant and month count together. */
export function movementsOf(rows: readonly MonthRevenue[], month: string): Movements {
  const before = monthBefore(month);
  const tenants = [...Map.groupBy(rows, ({ tenant }) => tenant).values()].map((own) => {
    const [then, now] = [amountIn(own, before), amountIn(own, month)];
    const months = new Set(own.map((row) => row.month).filter((one) => one < before));
    const known = [...months].some((one) => amountIn(own, one) > 0n);
    return { then, now, kind: kindOf(then, now, known) };
  });
  const tally = (kind: MovementKind): Tally => {
    const of = tenants.filter((one) => one.kind === kind);
    return { tenants: of.length, amount: of.reduce((sum, { then, now }) => sum + now - then, 0n) };
  };
  return {
    opening: total(tenants.map(({ then }) => then)),
    closing: total(tenants.map(({ now }) => now)),
    moved: {
      ...{ new: tally('new'), reactivation: tally('reactivation'), expansion: tally('expansion') },
      ...{ contraction: tally('contraction'), churn: tally('churn') },
    },
  };
}

function kindOf(then: bigint, now: bigint, known: boolean): MovementKind | undefined {
  if (then <= 0n && now > 0n) return known ? 'reactivation' : 'new';
  if (then > 0n && now <= 0n) return 'churn';
  if (now > then) return 'expansion';
  return now < then ? 'contraction' : undefined;
}

/** Tenants that bring something, and the sum over all. */
function total(amounts: readonly bigint[]): Tally {
  return {
    tenants: amounts.filter((amount) => amount > 0n).length,
    amount: amounts.reduce((sum, amount) => sum + amount, 0n),
  };
}

function amountIn(rows: readonly MonthRevenue[], month: string): bigint {
  return rows.filter((row) => row.month === month).reduce((sum, { amount }) => sum + amount, 0n);
}

/** The month before one of the form `2026-01`. */
export function monthBefore(month: string): string {
  return new Date(Date.parse(`${month}-01T00:00:00Z`) - 1).toISOString().slice(0, 7);
}
