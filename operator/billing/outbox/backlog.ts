/** Windows that wait until it is known what they cost and who pays. */
import type { Kysely, Transaction } from 'kysely';

import type { Schema, Store } from '../../store/index.ts';
import { freezeSealed, type Window } from './freeze.ts';

/** Windows of one call: each is a few statements. */
const batchRows = 500;

/** Freezes windows sealed before their price was known; returns how many were looked at. */
export async function freezeBacklog(store: Store): Promise<number> {
  let looked = 0;
  for (let after = 0n; ; ) {
    const rows = await freezable(store.db, after).execute();
    const ids = rows.map(({ id }) => id);
    const last = ids.at(-1);
    if (last === undefined) return looked;
    await store.fence.within(async (trx) => {
      await freezeSealed(trx, await readWindows(trx, ids));
      await forgetCharged(trx, ids);
    });
    looked += ids.length;
    after = last;
  }
}

/**
 * The next waiting windows that something prices. It goes from the payers and their prices to what waits for them, so that
 * it reads neither windows that are charged nor those that nothing prices, which would be there at every pass, for ever.
 */
export function freezable(db: Kysely<Schema>, after: bigint) {
  const priced = db
    .selectFrom('price_sku as s')
    .innerJoin('price_book as b', (join) => join.onRef('b.book', '=', 's.book').onRef('b.version', '=', 's.version'))
    .select(['s.book', 's.model', 's.profile'])
    .select(({ fn }) => fn.min('b.effective_from').as('since'))
    .groupBy(['s.book', 's.model', 's.profile']);
  return db
    .selectFrom('customer_link as l')
    .innerJoin('billing_account as a', 'a.provider', 'l.provider')
    .innerJoin(priced.as('p'), 'p.book', 'l.book')
    .innerJoinLateral(
      (eb) =>
        eb
          .selectFrom('unfrozen_window as w')
          .select('w.usage_window_id as id')
          .whereRef('w.tenant', '=', 'l.tenant')
          .whereRef('w.model', '=', 'p.model')
          .whereRef('w.profile', '=', 'p.profile')
          .whereRef('w.window_start', '>=', 'p.since')
          .where('w.usage_window_id', '>', after)
          // Keeps the planner from walking all that waits in the order of the ids.
          .offset(0)
          .as('u'),
      (join) => join.onTrue(),
    )
    .select('u.id')
    .orderBy('u.id')
    .limit(batchRows);
}

async function readWindows(trx: Transaction<Schema>, ids: readonly bigint[]): Promise<readonly Window[]> {
  const rows = await trx
    .selectFrom('usage_window')
    .select(['id', 'tenant', 'meter', 'model', 'profile', 'window_start', 'window_end', 'revision', 'quantity'])
    .where('id', 'in', ids)
    .orderBy('id')
    .execute();
  return rows.map(({ window_start, window_end, quantity, ...row }) => ({
    ...row,
    quantity: BigInt(quantity),
    window: { start: window_start.getTime(), end: window_end.getTime() },
  }));
}

async function forgetCharged(trx: Transaction<Schema>, ids: readonly bigint[]): Promise<void> {
  await trx
    .deleteFrom('unfrozen_window')
    .where('usage_window_id', 'in', (eb) =>
      eb.selectFrom('charge').select('usage_window_id').where('usage_window_id', 'in', ids),
    )
    .execute();
}
