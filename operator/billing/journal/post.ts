import type { Transaction } from 'kysely';

import type { Schema } from '../../store/index.ts';
import { formatDecimal } from '../money/decimal.ts';
import { entriesOf, keyOf, type Posting } from './posting.ts';

/** Rows of one INSERT: 4 parameters each stay far below PostgreSQL's 65,535. */
const batchRows = 1000;

/**
 * Writes what the journal does not have yet, in the transaction of what it is about: a key that is there stands as it was
 * written, so that a replay changes nothing. Returns how many were new.
 */
export async function post(trx: Transaction<Schema>, postings: readonly Posting[]): Promise<number> {
  const worth = postings.filter(({ amount }) => amount !== 0n);
  let written = 0;
  for (let from = 0; from < worth.length; from += batchRows) {
    written += await postBatch(trx, worth.slice(from, from + batchRows));
  }
  return written;
}

async function postBatch(trx: Transaction<Schema>, postings: readonly Posting[]): Promise<number> {
  const byKey = new Map(postings.map((posting) => [keyOf(posting), posting]));
  const fresh = await trx
    .insertInto('journal_tx')
    .values(
      [...byKey].map(([key, { tenant, currency, occurredAt }]) => ({
        key,
        tenant,
        currency,
        occurred_at: new Date(occurredAt),
      })),
    )
    .onConflict((conflict) => conflict.column('key').doNothing())
    .returning(['id', 'key'])
    .execute();
  const entries = fresh.flatMap(({ id, key }) => {
    const posting = byKey.get(key);
    if (posting === undefined) return [];
    return entriesOf(posting).map(({ account, amount }) => ({ tx: id, account, amount: formatDecimal(amount) }));
  });
  if (entries.length > 0) await trx.insertInto('journal_entry').values(entries).execute();
  return fresh.length;
}
