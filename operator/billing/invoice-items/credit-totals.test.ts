import { expect, test } from 'vitest';

import { storeForFile } from '../../store/testing/index.ts';
import { formatDecimal } from '../money/decimal.ts';
import { freezeSealed } from '../outbox/freeze.ts';
import { sealWindow, seedPayer, seedPrices } from '../testing/ledger.ts';
import { readCreditTotals } from './credit-totals.ts';

const store = storeForFile();
const since = new Date('2026-01-01T00:00:00Z');

test.each<[string, string, readonly string[]]>([
  ['it is sealed', '2026-02-01T00:00:00Z', ['2026-02-01T00:00:00.000Z -360.000000000000 usd']],
  ['an hour of it is not sealed', '2026-01-31T23:00:00Z', []],
])('without plans, what credit pays of a month counts once %s', async (_, until, expected) => {
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '3.60' }]);
  await seedPayer(store());
  const lot = { tenant: 'acme', currency: 'usd', priority: 50, granted_at: '2025-12-01T00:00:00Z', expires_at: null };
  await store()
    .db.insertInto('credit_lot')
    .values({ ...lot, name: 'welcome', amount: '1000' })
    .execute();
  const windows = [
    // Of a month that ended before anybody asked.
    await sealWindow(store(), '2025-12-30T00:00:00Z', 3600n),
    await sealWindow(store(), '2026-01-30T00:00:00Z', 3600n),
  ];
  await store().fence.within((trx) => freezeSealed(trx, windows));
  const end = new Date(until);
  await store()
    .db.insertInto('sealed_grid')
    .values({ window_start: new Date(end.getTime() - 3_600_000), window_end: end })
    .execute();
  const totals = await readCreditTotals(store().db, ['acme', 'globex'], since);
  expect(
    totals.map(({ monthEnd, amount, currency }) => {
      return `${new Date(monthEnd).toISOString()} ${formatDecimal(amount)} ${currency}`;
    }),
  ).toEqual(expected);
});
