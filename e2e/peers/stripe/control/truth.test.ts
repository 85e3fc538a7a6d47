import { expect, test } from 'vitest';

import { acme, secondsMeter, testPeer, truthOf, usage } from '../testing.ts';

const hour = 3600;

test('sums by customer, meter and hour are exact, and attempts are counted by identifier', async () => {
  const { peer, stripe } = await testPeer({ customers: [acme, 'cus_other'] });
  const eventName = 'gpu_seconds__l4';
  await secondsMeter(stripe);
  const now = Math.floor(Date.now() / 1000);
  const from = now - (now % hour) - 2 * hour;
  const payload = { stripe_customer_id: 'cus_other', value: '5' };
  const send = (identifier: string, value: string, change = {}) =>
    stripe.billing.meterEvents.create(usage(identifier, value, { timestamp: from, ...change }));
  await send('a', '999999999999999');
  await send('b', '999999999999999');
  await send('c', '-600', { timestamp: from + hour });
  await send('d', '5', { payload });
  await send('e', '1');
  await stripe.billing.meterEventAdjustments.create({
    event_name: eventName,
    type: 'cancel',
    cancel: { identifier: 'e' },
  });
  await expect(send('a', '1')).rejects.toThrow('already exists');
  const { sums, hours, attempts } = await truthOf(peer);
  expect(hours).toEqual([
    { customer: acme, eventName, hour: from, value: '1999999999999998' },
    { customer: acme, eventName, hour: from + hour, value: '-600' },
    { customer: 'cus_other', eventName, hour: from, value: '5' },
  ]);
  expect(sums).toEqual([
    { customer: acme, eventName, value: '1999999999999398' },
    { customer: 'cus_other', eventName, value: '5' },
  ]);
  expect(attempts[0]).toEqual({ identifier: 'a', count: 2, outcomes: { accepted: 1, duplicate: 1 } });
});

test.each([
  ['sum', undefined, '17'],
  ['count', undefined, '3'],
  ['last', undefined, '4'],
  ['sum', 'hour', '14'],
] as const)(
  'the formula %s with the window %s makes %s of 3, 10 and 4',
  async (formula, event_time_window, expected) => {
    const { peer, stripe } = await testPeer();
    await secondsMeter(stripe, { default_aggregation: { formula }, ...(event_time_window && { event_time_window }) });
    const now = Math.floor(Date.now() / 1000);
    const from = now - (now % hour) - 2 * hour;
    await stripe.billing.meterEvents.create(usage('a', '3', { timestamp: from }));
    await stripe.billing.meterEvents.create(usage('b', '10', { timestamp: from + 60 }));
    await stripe.billing.meterEvents.create(usage('c', '4', { timestamp: from + hour }));
    expect((await truthOf(peer)).sums[0]?.value).toBe(expected);
  },
);
