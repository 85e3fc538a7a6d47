import { expect, test } from 'vitest';

import { storeForFile } from '../../store/testing/index.ts';
import { settleCredits } from '../credit/settle.ts';
import { settleMonths } from '../fees/settle.ts';
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

test('late usage is in the period whose invoice it is on', async () => {
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '3.60' }]);
  await seedPayer(store());
  const window = await sealWindow(store(), '2026-01-09T00:00:00Z', 3600n);
  await store().fence.within((trx) => freezeSealed(trx, [window]));
  const item = { tenant: 'acme', kind: 'late', currency: 'usd', provider: 'stripe', customer: 'cus_acme' };
  const made = (month: string, amount: string, sent?: string) => ({
    ...{ ...item, key: `late/acme/cus_acme/${month}/usd/${amount}`, month_end: `${month}-01T00:00:00Z`, amount },
    ...(sent !== undefined && { item: `ii_${amount}`, sent_at: new Date(sent) }),
  });
  const items = [
    made('2025-12', '100', '2025-12-20T00:00:00Z'),
    made('2025-12', '-60', '2026-01-02T00:00:00Z'),
    made('2026-01', '250'),
  ];
  await store().db.insertInto('invoice_item').values(items).execute();
  const lines = async (): Promise<readonly string[]> => {
    return billTable(await billPreview.read(store(), { tenant: 'acme' }, now))
      .split('\n')
      .slice(2);
  };
  expect((await lines()).slice(1)).toEqual([
    'Late usage of 2025-11: -0.60 usd',
    'Late usage of 2025-12: 2.50 usd',
    'Total: 5.50 usd',
    '',
  ]);
  await store().db.updateTable('outbox').set({ state: 'LATE' }).execute();
  expect((await lines()).at(-2)).toBe('Total: 1.90 usd');
});

const term = { tenant: 'acme', currency: 'usd', minimum: null, maximum: null };

test('the fee of each plan, and what the month lacks of the minimum, as though nothing changed until its end', async () => {
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '3.60' }]);
  await seedPayer(store());
  await store()
    .db.insertInto('plan_term')
    .values([
      { ...term, plan: 'silver', started_at: '2025-12-01T00:00:00Z', fee: '3100' },
      { ...term, plan: 'gold', started_at: '2026-01-11T00:00:00Z', fee: '6200', minimum: '31000' },
    ])
    .execute();
  const windows = [
    // Before the commitment, so it does not count for it.
    await sealWindow(store(), '2026-01-10T23:00:00Z', 3600n),
    await sealWindow(store(), '2026-01-11T00:00:00Z', 1005n),
  ];
  await store().fence.within((trx) => freezeSealed(trx, windows));
  const answer = await billPreview.read(store(), { tenant: 'acme' }, now);
  expect(billTable(answer).split('\n').slice(3)).toEqual([
    'Fee of plan gold for 2026-01: 42.00 usd',
    'Fee of plan silver for 2026-01: 10.00 usd',
    'Up to the minimum of 2026-01: 209.00 usd',
    'Total: 265.60 usd',
    '',
  ]);
  expect(answer.items[2]).toEqual({
    ...{ kind: 'minimum', currency: 'usd', amount: '209.00', exactMinor: '20899.500000000000' },
    ...{ from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' },
  });
  expect(answer.payable).toEqual(answer.totals);
});

test('what is above the maximum is taken back, and gives back what credit paid of it first', async () => {
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '3.60' }]);
  await seedPayer(store());
  await store()
    .db.insertInto('plan_term')
    .values({ ...term, plan: 'gold', started_at: '2025-12-01T00:00:00Z', fee: '0', maximum: '200' })
    .execute();
  await store()
    .db.insertInto('credit_lot')
    .values({
      ...{ name: 'welcome', tenant: 'acme', currency: 'usd', amount: '360', priority: 50 },
      ...{ granted_at: '2025-12-01T00:00:00Z', expires_at: null },
    })
    .execute();
  const used = await sealWindow(store(), '2026-01-11T00:00:00Z', 3600n);
  await store().fence.within((trx) => freezeSealed(trx, [used]));
  const expected = [
    'Above the maximum of 2026-01: -1.60 usd',
    'Total: 2.00 usd',
    'Credit welcome: -2.00 usd',
    'Payable: 0.00 usd',
  ];
  const shown = async (): Promise<readonly string[]> =>
    billTable(await billPreview.read(store(), { tenant: 'acme' }, now))
      .split('\n')
      .slice(3, -1);
  expect(await shown()).toEqual(expected);
  await store()
    .db.insertInto('sealed_grid')
    .values({ window_start: '2026-01-31T23:00:00Z', window_end: '2026-02-01T00:00:00Z' })
    .execute();
  await settleMonths(store());
  expect(await shown()).toEqual(expected);
  await settleCredits(store(), Date.parse('2026-02-01T01:00:00Z'));
  const lot = await store().db.selectFrom('credit_lot').select('drawn').executeTakeFirstOrThrow();
  expect(lot.drawn).toBe('200.000000000000');
});

test('a period that is no month has the items of the months that end in it', async () => {
  await seedPayer(store());
  const of = { provider: 'stripe', customer: 'cus_acme', status: 'active', read_at: new Date(now) };
  const period = { period_start: '2026-01-15T00:00:00Z', period_end: '2026-02-15T00:00:00Z' };
  await store()
    .db.insertInto('subscription_mirror')
    .values({ ...of, ...period, subscription: 'sub_1' })
    .execute();
  await store()
    .db.insertInto('plan_term')
    .values({ ...term, plan: 'gold', started_at: '2025-12-01T00:00:00Z', fee: '100' })
    .execute();
  const { items } = await billPreview.read(store(), { tenant: 'acme' }, now);
  expect(items.map(({ from, amount }) => [from.slice(0, 7), amount])).toEqual([['2026-01', '1.00']]);
});
