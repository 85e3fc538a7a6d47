/**
 * What of each credit lot is spent; pure. Amounts are minor units in the scale of money/decimal.ts, times milliseconds
 * since 1970.
 *
 * It follows from the lots and the charges alone: windows are taken in their own order, whenever their charges came. So
 * late charges and corrections end where they would have ended had they come in time.
 */

/** Credit of one tenant in one currency. */
export interface Lot {
  readonly name: string;
  readonly amount: bigint;
  /** The lowest falls first. */
  readonly priority: number;
  readonly grantedAt: number;
  /** Absent where it never expires. */
  readonly expiresAt?: number;
}

/** What a window cost; several of one window add up. */
export interface Charged {
  readonly start: number;
  readonly end: number;
  /** Negative where it takes back. */
  readonly amount: bigint;
}

/** What a lot gives for a window; negative where the window costs less than nothing and gives back. */
export interface Draw {
  readonly lot: string;
  readonly start: number;
  readonly amount: bigint;
}

/** The draws, in the order of windows; a lot gives its amount at most, and gets back what it gave at most. */
export function draw(lots: readonly Lot[], charged: readonly Charged[]): readonly Draw[] {
  const ordered = lots.toSorted(fallsBefore);
  const drawn = new Map<string, bigint>();
  const draws: Draw[] = [];
  for (const { start, end, amount } of windowsOf(charged)) {
    const covering = ordered.filter((lot) => covers(lot, end));
    let open = amount;
    for (const { name, amount: limit } of amount > 0n ? covering : covering.toReversed()) {
      const before = drawn.get(name) ?? 0n;
      const after = clamp(before + open, limit);
      if (after === before) continue;
      drawn.set(name, after);
      draws.push({ lot: name, start, amount: after - before });
      open -= after - before;
    }
  }
  return draws;
}

/** What each lot that gave anything has given. */
export function sumByLot(draws: readonly Draw[]): ReadonlyMap<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { lot, amount } of draws) sums.set(lot, (sums.get(lot) ?? 0n) + amount);
  return sums;
}

function windowsOf(charged: readonly Charged[]): readonly Charged[] {
  return [...Map.groupBy(charged, ({ start, end }) => `${start} ${end}`).values()]
    .flatMap(([first, ...rest]) =>
      first === undefined ? [] : [{ ...first, amount: rest.reduce((sum, { amount }) => sum + amount, first.amount) }],
    )
    .toSorted((a, b) => a.start - b.start || a.end - b.end);
}

function covers({ grantedAt, expiresAt }: Lot, end: number): boolean {
  return end > grantedAt && (expiresAt === undefined || end <= expiresAt);
}

function fallsBefore(a: Lot, b: Lot): number {
  return (
    a.priority - b.priority ||
    compare(a.expiresAt ?? Number.POSITIVE_INFINITY, b.expiresAt ?? Number.POSITIVE_INFINITY) ||
    a.grantedAt - b.grantedAt ||
    compare(a.name, b.name)
  );
}

function compare<T extends string | number>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function clamp(value: bigint, limit: bigint): bigint {
  if (value < 0n) return 0n;
  return value > limit ? limit : value;
}
