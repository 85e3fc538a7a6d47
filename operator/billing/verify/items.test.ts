import { sql } from 'kysely';
import { expect, test } from 'vitest';

import { asOwner, storeForFile } from '../../store/testing/index.ts';
import { settleMonths } from '../fees/settle.ts';
import { freezeSealed } from '../outbox/freeze.ts';
import { sealWindow, seedPayer, seedPrices } from '../testing/ledger.ts';
import { verifyItems } from './items.ts';

const store = storeForFile();

/** January is settled: a fee of 31 from the 16th on, a minimum of 310, and an hour of usage that costs 2.50. */
async function settled(): Promise<void> {
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '2.50' }]);
  await seedPayer(store());
  const gold = { plan: 'gold', currency: 'usd', fee: '3100', minimum: '31000', maximum: null };
  await store()
    .db.insertInto('plan_term')
    .values({ tenant: 'acme', started_at: '2026-01-16T00:00:00Z', ...gold })
    .execute();
  await used('2026-01-20T00:00:00Z');
  await store()
    .db.insertInto('sealed_grid')
    .values({ window_start: '2026-01-31T23:00:00Z', window_end: '2026-02-01T00:00:00Z' })
    .execute();
  // Charged when the month ended, so that the pass is sure to have counted it.
  await plant(chargedAt('2026-02-01T00:00:00Z'));
  await settleMonths(store());
}

const chargedAt = (at: string) => sql`UPDATE journal_tx SET recorded_at = ${at} WHERE key LIKE 'charge/%'`;

async function used(start: string, revision = 1): Promise<void> {
  const window = await sealWindow(store(), start, 3600n, { revision });
  await store().fence.within((trx) => freezeSealed(trx, [window]));
}

/** Past the triggers that keep the journal as it was written. */
async function plant(change: ReturnType<typeof sql>): Promise<void> {
  await asOwner(store(), async (trx) => {
    await sql`SET LOCAL session_replication_role = replica`.execute(trx);
    await change.execute(trx);
  });
}

async function found(): Promise<readonly string[]> {
  return (await verifyItems(store())).map(
    ({ tenant, meter, windowStart, expected, found: there }) =>
      `${tenant} ${meter} ${windowStart.slice(0, 7)}: ${Number(expected)}, found ${Number(there)}`,
  );
}

const ofKind = (kind: string) => sql`(SELECT id FROM journal_tx WHERE key LIKE ${`${kind}/%`})`;

test.each<[string, ReturnType<typeof sql> | undefined, readonly string[]]>([
  ['nothing', undefined, []],
  ['the fee that was agreed', sql`UPDATE plan_term SET fee = 6200`, ['acme fee 2026-01: 3200, found 1600']],
  [
    'since when it holds',
    sql`UPDATE plan_term SET started_at = '2026-01-24T00:00:00Z'`,
    // The usage of the 20th counts for no commitment then.
    ['acme fee 2026-01: 800, found 1600', 'acme minimum 2026-01: 8000, found 15750.0000000016'],
  ],
  [
    'the fee that was posted',
    sql`UPDATE journal_entry SET amount = amount * 2 WHERE tx IN ${ofKind('fee')}`,
    ['acme fee 2026-01: 1600, found 3200'],
  ],
  [
    'a posting is gone',
    sql`DELETE FROM journal_entry WHERE tx IN ${ofKind('minimum')}`,
    ['acme minimum 2026-01: 15750.0000000016, found 0'],
  ],
  [
    'another tenant has it',
    sql`UPDATE journal_tx SET tenant = 'globex' WHERE key LIKE 'fee/%'`,
    ['acme fee 2026-01: 1600, found 0', 'globex fee 2026-01: 0, found 1600'],
  ],
  ['a term of a month that is not settled', sql`UPDATE plan_term SET started_at = '2026-02-10T00:00:00Z'`, []],
])('months changed behind our back: %s', async (_, change, mismatches) => {
  await settled();
  if (change !== undefined) await plant(change);
  expect(await found()).toEqual(mismatches);
});

test('a commitment whose month was charged again is compared when the month was settled again', async () => {
  await settled();
  const posted = (): Promise<void> =>
    plant(sql`UPDATE journal_entry SET amount = amount * 2 WHERE tx IN ${ofKind('minimum')}`);
  await used('2026-01-20T00:00:00Z', 2);
  await plant(sql`UPDATE watermark SET at = '2026-02-01T02:00:00Z' WHERE name = 'months-compared'`);
  await plant(chargedAt('2026-02-01T03:00:00Z'));
  // The last pass did not count it, so that what was posted is not what it comes to.
  expect(await found()).toEqual([]);
  await settleMonths(store());
  expect(await found()).toEqual([]);
  await posted();
  expect(await found()).toEqual(['acme minimum 2026-01: 15500.0000000032, found 31000.0000000064']);
});

test('one that was charged when its month was no longer followed is not', async () => {
  await settled();
  await used('2026-01-20T00:00:00Z', 2);
  await plant(chargedAt('2026-05-01T00:00:00Z'));
  await settleMonths(store());
  await plant(sql`UPDATE journal_entry SET amount = amount * 2 WHERE tx IN ${ofKind('minimum')}`);
  expect(await found()).toEqual([]);
});
