import { type Kysely, sql } from 'kysely';

import { periodOf } from '../../metering/index.ts';
import type { Schema } from '../../store/index.ts';
import { draw } from '../credit/draw.ts';
import { readCharged, readLots, readTakenBack } from '../credit/read.ts';
import { settledMark } from '../fees/settle.ts';
import type { MonthTotal } from './decide.ts';

/**
 * What the credit of tenants pays of each month that ends after `since` and is settled, negative, beside what is frozen of
 * it; a draw belongs to the month in which its window begins.
 */
export async function readCreditTotals(
  db: Kysely<Schema>,
  tenants: readonly string[],
  since: Date,
): Promise<readonly MonthTotal[]> {
  const settled = await readSettled(db);
  const totals: MonthTotal[] = [];
  for (const tenant of await withLots(db, tenants)) {
    const paid = await readPaid(db, tenant);
    for (const [key, frozen] of await readFrozen(db, tenant)) paid.set(key, { paid: 0n, ...paid.get(key), ...frozen });
    for (const [key, { paid: amount, frozen = 0n, rows = 0 }] of [...paid].toSorted()) {
      const [end = '', currency = ''] = key.split(' ');
      const monthEnd = Number(end);
      if (monthEnd <= since.getTime() || monthEnd > settled) continue;
      totals.push({ tenant, monthEnd, kind: 'credit', currency, amount: -amount, frozen, rows });
    }
  }
  return totals;
}

interface Frozen {
  readonly frozen: bigint;
  readonly rows: number;
}

/** By end of month and currency. */
async function readPaid(
  db: Kysely<Schema>,
  tenant: string,
): Promise<Map<string, { readonly paid: bigint } & Partial<Frozen>>> {
  const paid = new Map<string, { readonly paid: bigint }>();
  const lots = await readLots(db, { tenant });
  for (const [currency, ofCurrency] of Map.groupBy(lots, (lot) => lot.currency)) {
    const first = Math.min(...ofCurrency.map(({ grantedAt }) => grantedAt));
    const charged = await readCharged(db, tenant, currency, first);
    const back = await readTakenBack(db, tenant, currency, first);
    for (const { start, amount } of draw(ofCurrency, [...charged, ...back])) {
      const key = `${periodOf('Month', start).end} ${currency}`;
      paid.set(key, { paid: (paid.get(key)?.paid ?? 0n) + amount });
    }
  }
  return paid;
}

async function readFrozen(db: Kysely<Schema>, tenant: string): Promise<ReadonlyMap<string, Frozen>> {
  const rows = await db
    .selectFrom('invoice_item')
    .select(['month_end', 'currency'])
    .select(({ fn }) => [fn.sum<string>('amount').as('frozen'), fn.countAll<bigint>().as('rows')])
    .where('tenant', '=', tenant)
    .where('kind', '=', 'credit')
    .groupBy(['month_end', 'currency'])
    .execute();
  return new Map(
    rows.map(({ month_end, currency, frozen, rows: count }) => {
      return [`${month_end.getTime()} ${currency}`, { frozen: BigInt(frozen), rows: Number(count) }];
    }),
  );
}

async function withLots(db: Kysely<Schema>, tenants: readonly string[]): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('credit_lot')
    .select('tenant')
    .distinct()
    .where('tenant', '=', sql<string>`ANY(${[...tenants]}::text[])`)
    .orderBy('tenant')
    .execute();
  return rows.map(({ tenant }) => tenant);
}

/** Up to where months are settled: sealed, and where somebody has a plan, with what it makes of them. */
async function readSettled(db: Kysely<Schema>): Promise<number> {
  const { rows } = await sql<{ at: Date | null }>`
    SELECT CASE WHEN EXISTS (SELECT FROM plan_term) THEN (SELECT at FROM watermark WHERE name = ${settledMark})
      ELSE (SELECT max(window_end) FROM sealed_grid) END AS at`.execute(db);
  return rows[0]?.at?.getTime() ?? 0;
}
