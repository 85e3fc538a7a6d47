import type { Store } from '../../store/index.ts';
import { draw, sumByLot } from '../credit/draw.ts';
import { readCharged, readLots, readTakenBack, takenBack } from '../credit/read.ts';
import { formatDecimal, parseDecimal } from '../money/decimal.ts';
import { toMajor } from '../money/price.ts';
import type { ItemLine } from './items.ts';

/** What one grant pays of a period. */
export interface CreditLine {
  /** Name of the CreditGrant. */
  readonly grant: string;
  readonly currency: string;
  /** Negative, rounded to the currency's minor unit, for people. */
  readonly amount: string;
  /** Minor units, exact. */
  readonly exactMinor: string;
}

/** What the tenant's credit pays of the windows that begin in [from, to), less what the period's maxima give back of it. */
export async function readCredits(
  { db }: Store,
  tenant: string,
  { from, to }: { readonly from: Date; readonly to: Date },
  items: readonly ItemLine[],
): Promise<readonly CreditLine[]> {
  const lots = await readLots(db, { tenant });
  const lines: CreditLine[] = [];
  for (const [currency, ofCurrency] of Map.groupBy(lots, (lot) => lot.currency)) {
    const since = Math.min(...ofCurrency.map(({ grantedAt }) => grantedAt));
    const charged = await readCharged(db, tenant, currency, since);
    // Of the period itself the preview says it, whether it is in the journal yet or not.
    const before = (await readTakenBack(db, tenant, currency, since)).filter(({ end }) => end <= from.getTime());
    const own = items
      .filter((item) => item.kind === 'maximum' && item.currency === currency)
      .map(({ to: end, exactMinor }) => takenBack(Date.parse(end), parseDecimal(exactMinor)));
    const draws = draw(ofCurrency, [...charged, ...before, ...own]);
    const ofPeriod = draws.filter(({ start }) => start >= from.getTime() && start < to.getTime());
    for (const [grant, paid] of [...sumByLot(ofPeriod)].toSorted()) {
      if (paid === 0n) continue;
      lines.push({ grant, currency, amount: toMajor(-paid, currency), exactMinor: formatDecimal(-paid) });
    }
  }
  return lines;
}
