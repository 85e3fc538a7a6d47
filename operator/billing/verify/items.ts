import { sql } from 'kysely';

import { type Mismatch, type Period, periodOf } from '../../metering/index.ts';
import type { Store } from '../../store/index.ts';
import { readItems } from '../fees/items.ts';
import { type ItemKind, itemKinds } from '../fees/month.ts';
import { readPosted } from '../fees/posted.ts';
import { comparedMark, followedMillis, settledMark } from '../fees/settle.ts';
import { readTerms } from '../fees/terms.ts';
import { formatDecimal } from '../money/decimal.ts';

/** Longer than any transaction that charges: one that began so long before a pass was committed when it read. */
const transactionMillis = 300_000;

/**
 * Recomputes the fees and commitments of every settled month from what each tenant was held to and what his usage cost, and
 * holds the journal against them. A commitment whose month was charged since it was last settled is left to the next time, and
 * one that was charged when its month was no longer followed is not compared.
 */
export async function verifyItems(store: Store): Promise<readonly Mismatch[]> {
  const marks = await readMarks(store);
  const mismatches: Mismatch[] = [];
  for (const month of await settledMonths(store, marks.settled)) {
    mismatches.push(...(await verifyMonth(store, month, marks.compared)));
  }
  return mismatches;
}

async function verifyMonth({ db }: Store, month: Period, compared: number): Promise<readonly Mismatch[]> {
  const posted = await readPosted(db, month);
  const terms = Map.groupBy(await readTerms(db, month), ({ tenant }) => tenant);
  const mismatches: Mismatch[] = [];
  for (const tenant of new Set([...terms.keys(), ...posted.map((one) => one.tenant)])) {
    const items = await readItems(db, tenant, terms.get(tenant) ?? [], month);
    const own = posted.filter((one) => one.tenant === tenant);
    const off = [...new Set([...items, ...own].map((one) => one.currency))].flatMap((currency) =>
      itemKinds.flatMap((kind) => {
        const [expected, found] = [sumOf(items, kind, currency), sumOf(own, kind, currency)];
        return expected === found ? [] : [mismatch(tenant, kind, month, expected, found)];
      }),
    );
    if (off.length === 0) continue;
    const counted = Math.min(compared, month.end + followedMillis) - transactionMillis;
    const isStill = (await lastCharged({ db }, tenant, month)) < counted;
    mismatches.push(...off.filter(({ meter }) => meter === 'fee' || isStill));
  }
  return mismatches;
}

function sumOf(
  items: readonly { readonly kind: string; readonly currency: string; readonly amount: bigint }[],
  kind: ItemKind,
  currency: string,
): bigint {
  const same = items.filter((one) => one.kind === kind && one.currency === currency);
  return same.reduce((sum, { amount }) => sum + amount, 0n);
}

function mismatch(tenant: string, kind: ItemKind, { start }: Period, expected: bigint, found: bigint): Mismatch {
  const place = { tenant, meter: kind, windowStart: new Date(start).toISOString(), kind: 'month' as const };
  return { ...place, expected: formatDecimal(expected), found: formatDecimal(found) };
}

/** When the month was last charged for, by the database's clock; long ago where it never was. */
async function lastCharged({ db }: Pick<Store, 'db'>, tenant: string, { start, end }: Period): Promise<number> {
  const { rows } = await sql<{ at: Date | null }>`
    SELECT max(t.recorded_at) AS at FROM charge c
    JOIN usage_window w ON w.id = c.usage_window_id
    JOIN journal_tx t ON t.key = 'charge/' || c.usage_window_id
    WHERE w.tenant = ${tenant} AND w.window_start >= ${new Date(start)} AND w.window_start < ${new Date(end)}`.execute(
    db,
  );
  return rows[0]?.at?.getTime() ?? 0;
}

async function readMarks({ db }: Store): Promise<{ readonly settled: number; readonly compared: number }> {
  const rows = await db
    .selectFrom('watermark')
    .select(['name', 'at'])
    .where('name', 'in', [settledMark, comparedMark])
    .execute();
  const at = (mark: string): number => rows.find(({ name }) => name === mark)?.at.getTime() ?? 0;
  return { settled: at(settledMark), compared: at(comparedMark) };
}

/** The whole months from the first term to where all are settled. */
async function settledMonths({ db }: Store, settled: number): Promise<readonly Period[]> {
  const { first } = await db
    .selectFrom('plan_term')
    .select(({ fn }) => fn.min('started_at').as('first'))
    .executeTakeFirstOrThrow();
  if (first === null) return [];
  const months: Period[] = [];
  for (let month = periodOf('Month', first.getTime()); month.end <= settled; month = periodOf('Month', month.end)) {
    months.push(month);
  }
  return months;
}
