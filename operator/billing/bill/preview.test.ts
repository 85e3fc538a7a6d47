import { expect, test } from 'vitest';

import { storeForFile } from '../../store/testing/index.ts';
import { freezeSealed } from '../outbox/freeze.ts';
import { sealWindow, seedPayer, seedPrices } from '../testing/ledger.ts';
import { billTable } from './bill-command.ts';
import { billPreview } from './preview.ts';

const store = storeForFile();
const now = Date.parse('2026-01-20T12:00:00Z');

test('a line for each version of a price, the exact sum rounded once, and only the current period', async () => {
  await seedPrices(store(), [
    { version: 1, from: '2025-01-01T00:00:00Z', perHour: '2.50' },
    { version: 2, from: '2026-01-10T00:30:00Z', perHour: '3.60' },
  ]);
  await seedPayer(store());
  const windows = [
    await sealWindow(store(), '2025-12-31T23:00:00Z', 999n),
    await sealWindow(store(), '2026-01-09T00:00:00Z', 3600n),
    await sealWindow(store(), '2026-01-09T01:00:00Z', 1n),
    await sealWindow(store(), '2026-01-10T01:00:00Z', 7n),
    await sealWindow(store(), '2026-01-10T02:00:00Z', 5n, { model: 'NVIDIA-H100' }),
  ];
  await store().fence.within((trx) => freezeSealed(trx, windows));
  const answer = await billPreview.read(store(), { tenant: 'acme' }, now);
  expect(answer).toMatchObject({ from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z', unpriced: '5' });
  expect(answer.totals).toEqual([{ currency: 'usd', amount: '2.51', exactMinor: '250.769444442844' }]);
  expect(billTable(answer)).toBe(
    [
      'Tenant acme, [2026-01-01T00:00:00.000Z, 2026-02-01T00:00:00.000Z), sealed through nothing yet',
      'SKU   PRICE LIST  GPU-SECONDS  PER SECOND (MINOR)  AMOUNT  CURRENCY',
      'l4   standard v1         3601      0.069444444444    2.50       usd',
      'l4   standard v2            7      0.100000000000    0.01       usd',
      'Without a price: 5 GPU-seconds',
      'Total: 2.51 usd',
      '',
    ].join('\n'),
  );
});

test('the period is that of the subscription where one is known', async () => {
  await seedPayer(store());
  const of = { provider: 'stripe', customer: 'cus_acme', status: 'active', read_at: new Date(now) };
  const period = { period_start: '2026-01-15T00:00:00Z', period_end: '2026-02-15T00:00:00Z' };
  await store()
    .db.insertInto('subscription_mirror')
    .values({ ...of, ...period, subscription: 'sub_1' })
    .execute();
  const { from, to } = await billPreview.read(store(), { tenant: 'acme' }, now);
  expect([from, to]).toEqual(['2026-01-15T00:00:00.000Z', '2026-02-15T00:00:00.000Z']);
});
