import type { Store } from '../../store/index.ts';
import { draw, sumByLot } from '../credit/draw.ts';
import { readCharged, readLots } from '../credit/read.ts';
import { formatDecimal } from '../money/decimal.ts';
import { toMajor } from '../money/price.ts';

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

/** What the tenant's credit pays of the windows that begin in [from, to). */
export async function readCredits({ db }: Store, tenant: string, from: Date, to: Date): Promise<readonly CreditLine[]> {
  const lots = await readLots(db, { tenant });
  const lines: CreditLine[] = [];
  for (const [currency, ofCurrency] of Map.groupBy(lots, (lot) => lot.currency)) {
    const since = Math.min(...ofCurrency.map(({ grantedAt }) => grantedAt));
    const draws = draw(ofCurrency, await readCharged(db, tenant, currency, since));
    const ofPeriod = draws.filter(({ start }) => start >= from.getTime() && start < to.getTime());
    for (const [grant, paid] of [...sumByLot(ofPeriod)].toSorted()) {
      if (paid === 0n) continue;
      lines.push({ grant, currency, amount: toMajor(-paid, currency), exactMinor: formatDecimal(-paid) });
    }
  }
  return lines;
}
