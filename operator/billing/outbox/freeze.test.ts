import { expect, test } from 'vitest';

import type { SealedUsage } from '../../metering/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { sealWindow, seedPayer, seedPrices } from '../testing/ledger.ts';
import { showUsage } from '../usage/query.ts';
import { freezeBacklog } from './backlog.ts';
import { freezeSealed } from './freeze.ts';

const store = storeForFile();

const start = '2026-01-01T00:00:00Z';
const year = { tenant: 'acme', from: '2026-01-01T00:00:00.000Z', to: '2027-01-01T00:00:00.000Z' };
const one = { version: 1, from: '2025-01-01T00:00:00Z', perHour: '2.50' };

const freeze = (...windows: readonly SealedUsage[]): Promise<void> =>
  store().fence.within((trx) => freezeSealed(trx, windows));

async function charges(): Promise<readonly string[]> {
  const rows = await store().db.selectFrom('charge').selectAll().orderBy('usage_window_id').execute();
  return rows.map(({ version, quantity, unit_price, amount }) => `v${version} ${quantity} x ${unit_price} = ${amount}`);
}

test('a window is charged at the 12-decimal price, and its event is frozen with it, once', async () => {
  await seedPrices(store(), [one]);
  await seedPayer(store());
  const window = await sealWindow(store(), start, 3600n);
  await freeze(window);
  await freeze(window);
  await freezeBacklog(store());
  expect(await charges()).toEqual(['v1 3600 x 0.069444444444 = 249.999999998400']);
  const rows = await store().db.selectFrom('outbox').selectAll().execute();
  expect(rows).toMatchObject([
    {
      state: 'PENDING',
      event_name: 'gpu_seconds__l4',
      customer: 'cus_acme',
      quantity: '3600',
      event_at: new Date('2026-01-01T00:59:59Z'),
      identifier: expect.stringMatching(/^gm1_[a-z2-7]{52}$/),
    },
  ]);
});

test.each([
  ['the version in force at its start', [one, { version: 2, from: '2026-01-01T00:00:00Z', perHour: '3.60' }], 'v2'],
  ['not by one that begins inside it', [one, { version: 2, from: '2026-01-01T00:00:01Z', perHour: '3.60' }], 'v1'],
  [
    'the highest of two in force',
    [
      { ...one, version: 7 },
      { ...one, version: 3, perHour: '9' },
    ],
    'v7',
  ],
])('a window is rated by %s', async (_, versions, expected) => {
  await seedPrices(store(), versions);
  await seedPayer(store());
  await freeze(await sealWindow(store(), start, 3600n));
  expect((await charges())[0]).toContain(expected);
});

test('a revision costs what the window cost, though the list changed meanwhile; its event has its own identifier', async () => {
  await seedPrices(store(), [one]);
  await seedPayer(store());
  await freeze(await sealWindow(store(), start, 3600n));
  await seedPrices(store(), [{ version: 2, from: '2025-06-01T00:00:00Z', perHour: '9.99' }]);
  await freeze(await sealWindow(store(), start, -600n, { revision: 2 }));
  expect(await charges()).toEqual([
    'v1 3600 x 0.069444444444 = 249.999999998400',
    'v1 -600 x 0.069444444444 = -41.666666666400',
  ]);
  const rows = await store().db.selectFrom('outbox').select('identifier').execute();
  expect(new Set(rows.map(({ identifier }) => identifier)).size).toBe(2);
});

const included = (text: string | null): Promise<unknown> =>
  store().db.updateTable('customer_link').set({ included: text }).execute();

test.each([
  ['what was included then', '{"l4":"3000"}', null, 'v1 -1200 x 0.100000000000 = -60.000000000000'],
  ['nothing, as it was then', null, '{"l4":"3000"}', 'v1 -1200 x 0.100000000000 = -120.000000000000'],
])('a revision is rated with %s, though the plan changed meanwhile', async (_, then, now, revision) => {
  await seedPrices(store(), [{ ...one, perHour: '3.60' }]);
  await seedPayer(store());
  await included(then);
  await freeze(await sealWindow(store(), start, 3600n));
  await included(now);
  await freeze(await sealWindow(store(), start, -1200n, { revision: 2 }));
  expect(await charges()).toContain(revision);
});

test.each([
  ['no price for the model', { model: 'NVIDIA-B200' }],
  ['nobody charges the tenant', { tenant: 'globex' }],
])('%s: nothing is frozen, and usage says so', async (_, change) => {
  await seedPrices(store(), [one]);
  await seedPayer(store());
  const window = await sealWindow(store(), start, 3600n, change);
  await freeze(window);
  expect(await charges()).toEqual([]);
  const answer = await showUsage(store(), { ...year, tenant: window.tenant });
  expect(answer).toMatchObject({ meters: [{ quantity: '3600', unpriced: '3600', accepted: '0' }], cost: null });
});

test('windows that nothing prices are not looked at again and again', async () => {
  await seedPrices(store(), [{ ...one, from: '2026-01-01T01:00:00Z' }]);
  await seedPayer(store());
  await freeze(
    await sealWindow(store(), start, 3600n),
    await sealWindow(store(), '2026-01-01T02:00:00Z', 3600n, { model: 'NVIDIA-B200' }),
  );
  expect(await freezeBacklog(store())).toBe(0);
});

test('what was sealed before its price was known is frozen when it is', async () => {
  const windows = await Promise.all([0, 1, 2].map((hour) => sealWindow(store(), `2026-01-01T0${hour}:00:00Z`, 3600n)));
  await freeze(...windows);
  await seedPrices(store(), [one]);
  await freezeBacklog(store());
  expect(await charges()).toEqual([]);
  await seedPayer(store());
  await freezeBacklog(store());
  expect(await charges()).toHaveLength(3);
  expect(await showUsage(store(), year)).toMatchObject({
    meters: [{ meter: 'gpu_seconds__l4', quantity: '10800', pending: '10800', unpriced: '0' }],
    cost: { currency: 'usd', amount: '7.50', exactMinor: '749.999999995200' },
  });
});

test('zero seconds cost nothing and are not sent', async () => {
  await seedPrices(store(), [one]);
  await seedPayer(store());
  await freeze(await sealWindow(store(), start, 0n));
  expect(await charges()).toEqual(['v1 0 x 0.069444444444 = 0.000000000000']);
  expect(await store().db.selectFrom('outbox').selectAll().execute()).toEqual([]);
});

test('two tenants of one customer: the same hour of the same SKU is two events, and stays the same two', async () => {
  await seedPrices(store(), [one]);
  await seedPayer(store());
  await store()
    .db.insertInto('customer_link')
    .values({ tenant: 'globex', provider: 'stripe', customer: 'cus_acme', book: 'standard' })
    .execute();
  await freeze(await sealWindow(store(), start, 3600n), await sealWindow(store(), start, 1800n, { tenant: 'globex' }));
  const later = await sealWindow(store(), '2026-01-01T01:00:00Z', 60n, { tenant: 'globex' });
  await freeze(later);
  await freeze(await sealWindow(store(), '2026-01-01T01:00:00Z', 3600n));
  const rows = await store().db.selectFrom('outbox').select(['identifier', 'quantity']).orderBy('id').execute();
  expect(rows.map(({ quantity }) => quantity)).toEqual(['3600', '1800', '60', '3600']);
  expect(new Set(rows.map(({ identifier }) => identifier)).size).toBe(4);
});

test.each<[string, () => Promise<unknown>]>([
  ['another customer', () => store().db.updateTable('customer_link').set({ customer: 'cus_other' }).execute()],
  ['nobody', () => store().db.deleteFrom('customer_link').execute()],
])(
  'a revision goes to the customer who got the window, though the tenant is charged to %s by now',
  async (_, change) => {
    await seedPrices(store(), [one]);
    await seedPayer(store());
    await freeze(await sealWindow(store(), start, 3600n));
    await change();
    await freeze(await sealWindow(store(), start, -600n, { revision: 2 }));
    const rows = await store().db.selectFrom('outbox').select(['customer', 'quantity']).orderBy('id').execute();
    expect(rows).toEqual([
      { customer: 'cus_acme', quantity: '3600' },
      { customer: 'cus_acme', quantity: '-600' },
    ]);
  },
);
