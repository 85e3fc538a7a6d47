import { sql } from 'kysely';
import { expect, test } from 'vitest';

import { asOwner, storeForFile } from '../../store/testing/index.ts';
import { freezeSealed } from '../outbox/freeze.ts';
import { sealWindow, seedPayer, seedPrices } from '../testing/ledger.ts';
import { verifyLedger } from './verify.ts';

const store = storeForFile();

/** A charged window that was sent; its intervals are not stated here, so only what rests on it is looked at. */
async function prepared(): Promise<void> {
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '2.50' }]);
  await seedPayer(store());
  const window = await sealWindow(store(), '2026-01-01T00:00:00Z', 3600n);
  await store().fence.within((trx) => freezeSealed(trx, [window]));
}

async function found(): Promise<readonly string[]> {
  const { mismatches } = await verifyLedger(store());
  return mismatches.map(({ kind }) => kind).filter((kind) => ['price', 'charge', 'outbox'].includes(kind));
}

test.each<[string, ReturnType<typeof sql> | undefined, readonly string[]]>([
  ['nothing', undefined, []],
  ['the price of a list', sql`UPDATE price_sku SET per_hour = '2.51'`, ['price']],
  ['its price of a second', sql`UPDATE price_sku SET unit_price = unit_price + 0.000000000001`, ['price']],
  ['the currency of a list', sql`UPDATE price_book SET currency = 'eur'`, ['price']],
  ['the price of a charge', sql`UPDATE charge SET unit_price = unit_price + 0.000000000001`, ['price', 'charge']],
  ['the amount of a charge', sql`UPDATE charge SET amount = amount + 0.000000000001`, ['charge']],
  ['the quantity of a charge', sql`UPDATE charge SET quantity = 3601`, ['charge']],
  ['the tenant of a charge', sql`UPDATE charge SET tenant = 'acmf'`, ['charge']],
  ['the quantity that is sent', sql`UPDATE outbox SET quantity = 3601`, ['outbox']],
  ['the customer to whom it is sent', sql`UPDATE outbox SET customer = 'cus_acmf'`, ['outbox']],
  ['the time for which it is sent', sql`UPDATE outbox SET event_at = event_at + interval '1 second'`, ['outbox']],
  ['the identifier', sql`UPDATE outbox SET identifier = 'gm2' || substr(identifier, 4)`, ['outbox']],
  ['the event', sql`UPDATE outbox SET event_name = event_name || '_'`, ['outbox']],
  ['a row that should be sent is gone', sql`DELETE FROM outbox`, ['outbox']],
])('changed behind our back: %s', async (_, change, kinds) => {
  await prepared();
  if (change !== undefined) await asOwner(store(), (trx) => change.execute(trx));
  expect(await found()).toEqual(kinds);
});
