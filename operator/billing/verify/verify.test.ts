import { sql } from 'kysely';
import { expect, test } from 'vitest';

import { asOwner, storeForFile } from '../../store/testing/index.ts';
import { freezeSealed } from '../outbox/freeze.ts';
import { keepVersion } from '../price-book/repository.ts';
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

type Change = ReturnType<typeof sql> | undefined;

test.each<[string, Change, readonly string[]]>([
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

const steps = [
  { upToSeconds: '1000', perHour: '10.80' },
  { upToSeconds: '3000', perHour: '7.20' },
  { perHour: '3.60' },
] as const;

/** Three windows and a revision of one month in tiers, beyond what the plan includes; the list is kept as its controller does. */
async function rated(): Promise<void> {
  const sku = {
    name: 'l4',
    match: { model: 'NVIDIA-L4', profile: 'full' },
    tiers: { mode: 'Graduated', steps },
  } as const;
  const times = { effectiveFromTime: '2025-01-01T00:00:00Z', currency: 'usd' };
  await keepVersion(store(), {
    ...{ apiVersion: 'gpuoptimizer.io/v1alpha1', kind: 'PriceBook', metadata: { name: 'standard-1' } },
    spec: { book: 'standard', version: 1, ...times, skus: [sku] },
  });
  await seedPayer(store());
  await store().db.updateTable('customer_link').set({ included: '{"l4":"500"}' }).execute();
  const windows = [900n, 1200n, 1500n].map((quantity, hour) =>
    sealWindow(store(), `2026-01-01T0${hour}:00:00Z`, quantity),
  );
  for (const window of await Promise.all(windows)) await store().fence.within((trx) => freezeSealed(trx, [window]));
  const less = await sealWindow(store(), '2026-01-01T01:00:00Z', -300n, { revision: 2 });
  await store().fence.within((trx) => freezeSealed(trx, [less]));
  // What the plan includes from now on is not what was included then.
  await store().db.updateTable('customer_link').set({ included: null }).execute();
}

test.each<[string, Change, number]>([
  ['nothing', undefined, 0],
  ['an amount', sql`UPDATE charge SET amount = amount + 0.000000000001 WHERE quantity = 1200`, 1],
  ['what a charge counted from', sql`UPDATE charge SET rated_from = 901 WHERE rated_from = 900`, 2],
  ['what was included', sql`UPDATE charge SET included = 499 WHERE rated_from = 900`, 1],
  ['a tier of the list', sql`UPDATE price_sku SET tiers = replace(tiers, '1000', '1001')`, 3],
  [
    'a charge is gone',
    sql`WITH sent AS (DELETE FROM outbox WHERE quantity = 1200) DELETE FROM charge WHERE quantity = 1200`,
    1,
  ],
  ['charges of before it was kept what was included', sql`UPDATE charge SET included = NULL, amount = 0`, 0],
])('tiers changed behind our back: %s', async (_, change, charges) => {
  await rated();
  if (change !== undefined) await asOwner(store(), (trx) => change.execute(trx));
  expect(await found()).toEqual(Array(charges).fill('charge'));
});
