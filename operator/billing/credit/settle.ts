import type { Transaction } from 'kysely';

import type { Schema, Store } from '../../store/index.ts';
import { post } from '../journal/post.ts';
import type { Posting } from '../journal/posting.ts';
import { formatDecimal } from '../money/decimal.ts';
import { draw, sumByLot } from './draw.ts';
import { readCharged, readLots, readTakenBack, type StoredLot } from './read.ts';

/**
 * Brings every lot and the journal up to what was charged, in one fenced transaction a tenant. Each step is the difference
 * to what the journal has, so that a replay changes nothing. `now` in milliseconds since 1970.
 */
export async function settleCredits(store: Store, now: number): Promise<void> {
  const tenants = await store.db.selectFrom('credit_lot').select('tenant').distinct().orderBy('tenant').execute();
  for (const { tenant } of tenants) await store.fence.within((trx) => settleTenant(trx, tenant, now));
}

async function settleTenant(trx: Transaction<Schema>, tenant: string, now: number): Promise<void> {
  // Keeps a second pass out: both would post the same difference.
  await trx.selectFrom('credit_lot').select('name').where('tenant', '=', tenant).orderBy('name').forUpdate().execute();
  const lots = await readLots(trx, { tenant });
  const sealed = await readSealed(trx);
  for (const [currency, ofCurrency] of Map.groupBy(lots, (lot) => lot.currency)) {
    const since = Math.min(...ofCurrency.map(({ grantedAt }) => grantedAt));
    const charged = await readCharged(trx, tenant, currency, since);
    const back = await readTakenBack(trx, tenant, currency, since);
    const drawn = sumByLot(draw(ofCurrency, [...charged, ...back]));
    for (const lot of ofCurrency) await follow(trx, lot, drawn.get(lot.name) ?? 0n, Math.min(now, sealed), now);
  }
}

/** What lapses does so once every window up to the expiry is sealed: until then usage may still come. */
async function follow(
  trx: Transaction<Schema>,
  lot: StoredLot,
  drawn: bigint,
  settledThrough: number,
  now: number,
): Promise<void> {
  const hasLapsed = lot.expiresAt !== undefined && lot.expiresAt <= settledThrough;
  const lapsed = hasLapsed ? lot.amount - drawn : 0n;
  if (drawn === lot.drawn && lapsed === lot.lapsed) return;
  const { name, tenant, currency } = lot;
  const about = { subject: `${name}/${lot.steps}`, tenant, currency, occurredAt: now };
  const postings: readonly Posting[] = [
    { kind: 'credit', ...about, amount: drawn - lot.drawn },
    { kind: 'breakage', ...about, amount: lapsed - lot.lapsed },
  ];
  await post(trx, postings);
  await trx
    .updateTable('credit_lot')
    .set({ drawn: formatDecimal(drawn), lapsed: formatDecimal(lapsed), steps: lot.steps + 1 })
    .where('name', '=', name)
    .execute();
}

/** Up to when windows are sealed, in milliseconds since 1970; 0 before the first. */
async function readSealed(trx: Transaction<Schema>): Promise<number> {
  const { end } = await trx
    .selectFrom('sealed_grid')
    .select(({ fn }) => fn.max('window_end').as('end'))
    .executeTakeFirstOrThrow();
  return end?.getTime() ?? 0;
}
