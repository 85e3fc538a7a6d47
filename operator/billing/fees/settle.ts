import { sql, type Transaction } from 'kysely';

import { type Period, periodOf } from '../../metering/index.ts';
import type { Schema, Store } from '../../store/index.ts';
import { post } from '../journal/post.ts';
import { readItems } from './items.ts';
import { itemKinds } from './month.ts';
import { readPosted } from './posted.ts';
import { readTerms, type TenantTerm } from './terms.ts';

/** Up to where every month is settled. */
export const settledMark = 'months-settled';
/** When the last pass that came to its end began, by the database's clock: it counted what was committed then. */
export const comparedMark = 'months-compared';
/** For so long after its end a month follows late usage and corrections: providers take neither after 35 days. */
export const followedMillis = 62 * 86_400_000;

/**
 * Posts the items of each month that is sealed whole, at its end, one fenced transaction for each tenant and month. What a
 * month was settled at and later usage has changed is posted as the difference, so that a replay changes nothing.
 */
export async function settleMonths(store: Store): Promise<void> {
  const { rows } = await sql<{ now: Date }>`SELECT now()`.execute(store.db);
  for (const month of await openMonths(store)) {
    const tenants = Map.groupBy(await readTerms(store.db, month), ({ tenant }) => tenant);
    for (const [tenant, terms] of tenants) {
      await store.fence.within((trx) => settleMonth(trx, tenant, terms, month));
    }
    await store.fence.within((trx) => raiseMark(trx, settledMark, new Date(month.end)));
  }
  const [began] = rows;
  if (began !== undefined) await store.fence.within((trx) => raiseMark(trx, comparedMark, began.now));
}

/** The whole months up to the last sealed window that are not settled yet, and those that are but may still change. */
async function openMonths({ db }: Store): Promise<readonly Period[]> {
  const { sealed } = await db
    .selectFrom('sealed_grid')
    .select(({ fn }) => fn.max('window_end').as('sealed'))
    .executeTakeFirstOrThrow();
  const { first } = await db
    .selectFrom('plan_term')
    .select(({ fn }) => fn.min('started_at').as('first'))
    .executeTakeFirstOrThrow();
  if (sealed === null || first === null) return [];
  const mark = await db.selectFrom('watermark').select('at').where('name', '=', settledMark).executeTakeFirst();
  const since = mark === undefined ? first.getTime() : Math.min(mark.at.getTime(), sealed.getTime() - followedMillis);
  const months: Period[] = [];
  let month = periodOf('Month', Math.max(since, first.getTime()));
  while (month.end <= sealed.getTime()) {
    months.push(month);
    month = periodOf('Month', month.end);
  }
  return months;
}

async function settleMonth(
  trx: Transaction<Schema>,
  tenant: string,
  terms: readonly TenantTerm[],
  month: Period,
): Promise<void> {
  const items = await readItems(trx, tenant, terms, month);
  const posted = await readPosted(trx, month, tenant);
  const currencies = new Set([...items, ...posted].map(({ currency }) => currency));
  const postings = [...currencies].flatMap((currency) =>
    itemKinds.map((kind) => {
      const isSame = (one: { readonly kind: string; readonly currency: string }): boolean =>
        one.kind === kind && one.currency === currency;
      const target = items.filter(isSame).reduce((sum, { amount }) => sum + amount, 0n);
      const { amount, times } = posted.find(isSame) ?? { amount: 0n, times: 0 };
      const subject = `${tenant}/${new Date(month.start).toISOString().slice(0, 7)}/${currency}/${times}`;
      return { kind, subject, tenant, currency, occurredAt: month.end, amount: target - amount };
    }),
  );
  await post(trx, postings);
}

/** It never falls: a month that is looked at again was settled before. */
async function raiseMark(trx: Transaction<Schema>, name: string, at: Date): Promise<void> {
  await sql`INSERT INTO watermark (name, at) VALUES (${name}, ${at})
    ON CONFLICT (name) DO UPDATE SET at = greatest(watermark.at, excluded.at)`.execute(trx);
}
