import { afterEach, expect, test } from 'vitest';

import { type StripePeer, startStripePeer } from '../../../../e2e/peers/stripe/index.ts';
import { connect } from './sdk.ts';
import { stripeSink } from './stripe-sink.ts';

const customer = 'cus_acme';
const begins = Date.parse('2026-01-10T00:00:00Z');
const day = 86_400;

let peer: StripePeer | undefined;
afterEach(async () => {
  await peer?.close();
  peer = undefined;
});

async function wait(seconds: number): Promise<void> {
  const body = JSON.stringify({ advanceSeconds: seconds });
  expect((await fetch(`${peer?.url}/_peer/clock`, { method: 'POST', body })).status).toBe(200);
}

test('a period is closed once the invoice of what bills usage is final; of other subscriptions it says nothing', async () => {
  peer = await startStripePeer({
    ...{ customers: [customer], machineTime: () => begins },
    settings: { ratePerSecond: 100_000 },
  });
  const connection = { key: 'sk_test_peer', endpoint: peer.url };
  const [stripe, sink] = [connect(connection), stripeSink(connection)];
  await sink.ensureMeters('acct_peer', ['gpu_seconds__l4']);
  const [meter] = (await stripe.billing.meters.list()).data;
  const sells = { currency: 'usd', product_data: { name: 'p' } } as const;
  const metered = { interval: 'month', usage_type: 'metered', meter: meter?.id ?? '' } as const;
  const usage = await stripe.prices.create({ ...sells, unit_amount: 1, recurring: metered });
  const support = await stripe.prices.create({ ...sells, unit_amount: 500, recurring: { interval: 'week' } });
  for (const { id } of [usage, support]) await stripe.subscriptions.create({ customer, items: [{ price: id }] });
  const from = begins / 1000;
  const closed = async (since = from) => await sink.closedPeriods?.(customer, since);
  expect(await closed()).toEqual([]);
  // Nothing bills what was before the first second.
  expect(await closed(from - day)).toEqual([{ start: 0, end: from, closedAt: 0 }]);
  await wait(20 * day);
  expect(await closed()).toEqual([]);
  await wait(11 * day + 600);
  expect(await closed()).toEqual([]);
  await wait(2 * 3600);
  const end = from + 31 * day;
  const [period, ...more] = (await closed()) ?? [];
  expect([more, period?.start, period?.end]).toEqual([[], from, end]);
  expect(period?.closedAt).toBeGreaterThanOrEqual(end + 3600);
  expect(await closed(end)).toEqual([]);
  const [made] = (await stripe.subscriptions.list({ customer, price: usage.id })).data;
  await stripe.subscriptions.cancel(made?.id ?? '');
  const [last] = (await closed(end)) ?? [];
  expect(last).toMatchObject({ start: expect.any(Number), closedAt: 0 });
  expect(last?.start).toBeGreaterThan(end);
  await stripe.subscriptions.create({ customer, items: [{ price: usage.id }] });
  expect((await closed(end))?.filter(({ closedAt }) => closedAt === 0)).toEqual([]);
});
