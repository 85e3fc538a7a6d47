import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { SKU } from '../../api/index.ts';
import type { Store } from '../../store/index.ts';
import { emptyTables, storeKinds, testStores } from '../../store/testing/index.ts';
import { freezeBacklog } from '../outbox/backlog.ts';
import { freezeSealed } from '../outbox/freeze.ts';
import { keepVersion } from '../price-book/repository.ts';
import { sealWindow, seedPayer } from '../testing/ledger.ts';
import { writeIncluded } from './stored.ts';

const stores = testStores();
const opened = new Map<string, Store | { readonly unavailable: string }>();
beforeAll(async () => {
  for (const kind of storeKinds) opened.set(kind, await stores.open(kind));
});
afterAll(() => stores.close());

/** 0.3, 0.2 and 0.1 cents a second. */
const steps = [
  { upToSeconds: '1000', perHour: '10.80' },
  { upToSeconds: '3000', perHour: '7.20' },
  { perHour: '3.60' },
] as const;

async function priced(store: Store, price: Pick<SKU, 'perHour' | 'tiers'>): Promise<void> {
  const sku = { name: 'l4', match: { model: 'NVIDIA-L4', profile: 'full' }, ...price };
  const spec = {
    book: 'standard',
    version: 1,
    currency: 'usd',
    effectiveFromTime: '2025-01-01T00:00:00Z',
    skus: [sku],
  };
  const kept = { apiVersion: 'gpuoptimizer.io/v1alpha1', kind: 'PriceBook', metadata: { name: 'standard-1' }, spec };
  await keepVersion(store, kept);
  await seedPayer(store);
}

async function charges(store: Store): Promise<readonly string[]> {
  const rows = await store.db
    .selectFrom('charge')
    .select(['quantity', 'rated_from', 'amount'])
    .orderBy('usage_window_id')
    .execute();
  return rows.map(({ quantity, rated_from, amount }) => `${quantity} from ${rated_from}: ${Number(amount)}`);
}

describe.each(storeKinds)('%s', (kind) => {
  let store: Store | undefined;
  beforeEach(async () => {
    const found = opened.get(kind);
    store = found === undefined || 'unavailable' in found ? undefined : found;
    if (store !== undefined) await emptyTables(store);
  });

  test.for<[string, Pick<SKU, 'perHour' | 'tiers'>, bigint, readonly string[]]>([
    [
      'graduated: each second by what the month had before',
      { tiers: { mode: 'Graduated', steps } },
      0n,
      ['900 from 0: 270', '1200 from 900: 250', '-300 from 2100: -60', '1000 from 0: 300'],
    ],
    [
      'volume: what was rated before is made cheaper',
      { tiers: { mode: 'Volume', steps } },
      0n,
      ['900 from 0: 270', '1200 from 900: 150', '-300 from 2100: -60', '1000 from 0: 300'],
    ],
    [
      'a flat price beyond what the plan includes',
      { perHour: '3.60' },
      1000n,
      ['900 from 0: 0', '1200 from 900: 110', '-300 from 2100: -30', '1000 from 0: 0'],
    ],
    [
      'a flat price',
      { perHour: '3.60' },
      0n,
      ['900 from null: 90', '1200 from null: 120', '-300 from null: -30', '1000 from null: 100'],
    ],
  ])('%s', async ([, price, included, expected], { skip }) => {
    if (store === undefined) return skip('this machine has no such store');
    const ledger = store;
    await priced(ledger, price);
    const text = writeIncluded(included === 0n ? [] : [{ sku: 'l4', quantitySeconds: included.toString() }]);
    await ledger.db.updateTable('customer_link').set({ included: text }).execute();
    const first = await sealWindow(ledger, '2026-01-31T22:00:00Z', 900n);
    const second = await sealWindow(ledger, '2026-01-31T23:00:00Z', 1200n);
    await ledger.fence.within((trx) => freezeSealed(trx, [first, second]));
    const less = await sealWindow(ledger, '2026-01-31T23:00:00Z', -300n, { revision: 2 });
    const february = await sealWindow(ledger, '2026-02-01T00:00:00Z', 1000n);
    await ledger.fence.within((trx) => freezeSealed(trx, [first, less, february]));
    await freezeBacklog(ledger);
    expect(await charges(ledger)).toEqual(expected);
  });

  test('one batch and one window at a time cost the same', async ({ skip }) => {
    if (store === undefined) return skip('this machine has no such store');
    const ledger = store;
    const sums: string[] = [];
    for (const isBatched of [true, false]) {
      await emptyTables(ledger);
      await priced(ledger, { tiers: { mode: 'Graduated', steps } });
      const hours = ['00', '01', '02', '03'].map((hour) => sealWindow(ledger, `2026-01-01T${hour}:00:00Z`, 1100n));
      const windows = await Promise.all(hours);
      const batches = isBatched ? [windows] : windows.map((window) => [window]);
      for (const batch of batches) await ledger.fence.within((trx) => freezeSealed(trx, batch));
      const { amount } = await ledger.db
        .selectFrom('charge')
        .select(({ fn }) => fn.sum<string>('amount').as('amount'))
        .executeTakeFirstOrThrow();
      sums.push(amount);
    }
    // 1000 at 0.3, 2000 at 0.2, 1400 at 0.1 cents.
    expect(sums.map(Number)).toEqual([840, 840]);
  });
});
