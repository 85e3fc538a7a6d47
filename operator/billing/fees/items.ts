import { type Kysely, sql } from 'kysely';

import type { Period } from '../../metering/index.ts';
import type { Schema } from '../../store/index.ts';
import { parseDecimal } from '../money/decimal.ts';
import { type MonthItem, monthItems, type Term, type WindowCost } from './month.ts';

/** The items of a tenant's month, by his terms and what the store has as the cost of the month's windows. */
export async function readItems(
  db: Kysely<Schema>,
  tenant: string,
  terms: readonly Term[],
  month: Period,
): Promise<readonly MonthItem[]> {
  const isCommitted = terms.some(({ minimum, maximum }) => minimum !== undefined || maximum !== undefined);
  return monthItems(terms, isCommitted ? await readCosts(db, tenant, month) : [], month);
}

async function readCosts(db: Kysely<Schema>, tenant: string, month: Period): Promise<readonly WindowCost[]> {
  const rows = await db
    .selectFrom('charge as c')
    .innerJoin('usage_window as w', 'w.id', 'c.usage_window_id')
    .select(['w.window_start', 'c.currency', sql<string>`sum(c.amount)::numeric(38,12)`.as('amount')])
    .where('w.tenant', '=', tenant)
    .where('w.window_start', '>=', new Date(month.start))
    .where('w.window_start', '<', new Date(month.end))
    .groupBy(['w.window_start', 'c.currency'])
    .execute();
  return rows.map(({ window_start, currency, amount }) => {
    return { start: window_start.getTime(), currency, amount: parseDecimal(amount) };
  });
}
