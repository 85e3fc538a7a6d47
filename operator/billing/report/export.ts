import { createHash } from 'node:crypto';

import type { FocusTotal } from '../../api/index.ts';
import type { Store } from '../../store/index.ts';
import { csvHead, csvRows } from '../focus/csv.ts';
import { decimal } from '../focus/format.ts';
import { focusRows } from '../focus/report.ts';
import type { Asked } from './read.ts';

/** The FOCUS export of a period in short; totals by currency. */
export interface PeriodExport {
  readonly rows: number;
  readonly sha256: string;
  readonly totals: readonly FocusTotal[];
}

/** Places of the sums: twelve of a minor unit, and the minor unit's own. */
const places = 18;

/** Makes the FOCUS export of a period, a day at a time, and keeps nothing of it but its digest and sums. */
export async function readExport(
  store: Store,
  { start, end, tenant }: Asked,
  signal: AbortSignal,
): Promise<PeriodExport> {
  const digest = createHash('sha256').update(csvHead);
  const sums = new Map<string, { readonly billed: bigint; readonly effective: bigint }>();
  let count = 0;
  for await (const rows of focusRows(store, { tenant, from: new Date(start), to: new Date(end) })) {
    signal.throwIfAborted();
    digest.update(csvRows(rows));
    count += rows.length;
    for (const { BillingCurrency, BilledCost, EffectiveCost } of rows) {
      const currency = BillingCurrency.toLowerCase();
      const { billed, effective } = sums.get(currency) ?? { billed: 0n, effective: 0n };
      sums.set(currency, { billed: billed + scaled(BilledCost), effective: effective + scaled(EffectiveCost) });
    }
  }
  const totals = [...sums].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...{ rows: count, sha256: digest.digest('hex') },
    totals: totals.map(([currency, { billed, effective }]) => {
      return { currency, billedCost: decimal(billed, places), effectiveCost: decimal(effective, places) };
    }),
  };
}

/** A cost as the export writes it, exact. */
function scaled(cost: string): bigint {
  const [whole = '', fraction = ''] = cost.split('.');
  return BigInt(whole + fraction.padEnd(places, '0'));
}
