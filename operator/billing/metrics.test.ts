import { afterAll, expect, test } from 'vitest';

import { type Clock, createRegistry } from '../observability/index.ts';
import { testStores } from '../store/testing/index.ts';
import { createBillingMetrics } from './metrics.ts';
import { freezeSealed } from './outbox/freeze.ts';
import { sealWindow, seedPayer, seedPrices } from './testing/ledger.ts';

const stores = testStores();
afterAll(() => stores.close());

test('the outbox, which only grows, is counted every 15 seconds and not after every batch', async () => {
  const store = await stores.open('pglite');
  if ('unavailable' in store) throw new Error(store.unavailable);
  await seedPrices(store, [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '2.50' }]);
  await seedPayer(store);
  let now = Date.parse('2026-01-01T02:00:00Z');
  const clock: Clock = { now: () => now, monotonic: () => now, sleep: async () => undefined };
  const registry = createRegistry();
  const metrics = createBillingMetrics(registry);
  const pending = async (): Promise<string | undefined> =>
    /outbox_rows\{state="PENDING"\} (\d+)/.exec(await registry.metrics())?.[1];
  await metrics.refresh(store, clock);
  expect(await pending()).toBe('0');
  const window = await sealWindow(store, '2026-01-01T00:00:00Z', 3600n);
  await store.fence.within((trx) => freezeSealed(trx, [window]));
  now += 14_999;
  await metrics.refresh(store, clock);
  expect(await pending()).toBe('0');
  now += 1;
  await metrics.refresh(store, clock);
  expect(await pending()).toBe('1');
});
