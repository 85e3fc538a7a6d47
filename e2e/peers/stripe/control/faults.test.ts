import { expect, test } from 'vitest';

import { ask, clientOf, secondsMeter, testPeer, truthOf, usage } from '../testing.ts';
import { parseFault, parsePlan } from './faults.ts';

const events = 'POST /v1/billing/meter_events';

test('a random plan is drawn from its seed: the same each time, about as many as asked for', () => {
  const random = { route: events, calls: 1000, share: 0.2, seed: 7, faults: ['409', 'accept-then-drop'] };
  const plan = parsePlan({ random });
  expect(parsePlan({ random })).toEqual(plan);
  expect(parsePlan({ random: { ...random, seed: 8 } })).not.toEqual(plan);
  expect(plan.length).toBeGreaterThan(150);
  expect(plan.length).toBeLessThan(250);
  expect(new Set(plan.map(({ fault }) => fault))).toEqual(new Set(random.faults));
});

test.each([
  ['an unknown fault', { plan: [{ route: events, nth: 1, fault: 'meteor' }] }],
  ['the zeroth call', { plan: [{ route: events, nth: 0, fault: '409' }] }],
  ['no list', { plan: 'all' }],
  ['a random plan without a seed', { random: { route: events, calls: 1, share: 1, faults: ['409'] } }],
  ['a random plan of unknown faults', { random: { route: events, calls: 1, share: 1, seed: 1, faults: ['x'] } }],
])('%s is refused', (_, body) => {
  expect(() => parsePlan(body)).toThrow();
});

test('a fault of the command line', () => {
  expect(parseFault(`${events}#3=accept-then-drop`)).toEqual({ route: events, nth: 3, fault: 'accept-then-drop' });
  expect(() => parseFault('nothing')).toThrow('must be ROUTE#NTH=FAULT');
});

test('429 says when to come back only if it is told to', async () => {
  const plan = [
    { route: events, nth: 1, fault: '429', retryAfterSeconds: 7 },
    { route: events, nth: 2, fault: '429' },
  ] as const;
  const { stripe } = await testPeer({ faults: plan });
  const busy = async (): Promise<unknown> => {
    const error: unknown = await stripe.billing.meterEvents.create(usage('a', '1')).catch((caught: unknown) => caught);
    return Reflect.get(Object(Reflect.get(Object(error), 'headers')), 'retry-after');
  };
  expect([await busy(), await busy()]).toEqual(['7', undefined]);
});

test.each([
  ['timeout-before-accept', []],
  ['timeout-after-accept', ['counted']],
] as const)('%s: the caller gives up, and %j is left', async (fault, states) => {
  const { peer } = await testPeer({ faults: [{ route: events, nth: 1, fault }] });
  const stripe = clientOf(peer);
  await secondsMeter(stripe);
  await expect(stripe.billing.meterEvents.create(usage('a', '1'), { timeout: 200 })).rejects.toMatchObject({
    type: 'StripeConnectionError',
  });
  expect((await truthOf(peer)).events.map(({ state }) => state)).toEqual(states);
});

test('a stored 500 comes back under its key; a new key learns that the work was done', async () => {
  const { stripe } = await testPeer({ faults: [{ route: 'POST /v1/customers', nth: 1, fault: '500-after-accept' }] });
  const create = (idempotencyKey: string) => stripe.customers.create({ email: 'a@example.com' }, { idempotencyKey });
  await expect(create('k')).rejects.toMatchObject({ statusCode: 500 });
  await expect(create('k')).rejects.toMatchObject({ statusCode: 500 });
  expect((await stripe.customers.list({ email: 'a@example.com' })).data).toHaveLength(1);
});

test('a fault before the work keeps no answer under the key', async () => {
  const { stripe } = await testPeer({ faults: [{ route: 'POST /v1/customers', nth: 1, fault: '500-before-accept' }] });
  await expect(stripe.customers.create({}, { idempotencyKey: 'k' })).rejects.toMatchObject({ statusCode: 500 });
  expect(await stripe.customers.create({}, { idempotencyKey: 'k' })).toMatchObject({ object: 'customer' });
});

test('an event that is taken and rejected later counts for nothing, and the attempts tell', async () => {
  const { peer, stripe } = await testPeer({
    faults: [{ route: events, nth: 1, fault: 'async-reject', code: 'no_meter' }],
  });
  await secondsMeter(stripe);
  await stripe.billing.meterEvents.create(usage('a', '1'));
  await expect(stripe.billing.meterEvents.create(usage('a', '1'))).rejects.toThrow('already exists');
  const { events: seen, sums, attempts } = await truthOf(peer);
  expect(seen).toMatchObject([{ identifier: 'a', state: 'rejected', rejected: 'no_meter' }]);
  expect(sums).toEqual([]);
  expect(attempts).toEqual([{ identifier: 'a', count: 2, outcomes: { accepted: 1, duplicate: 1 } }]);
});

test('summaries can be late, and a session over before its time, or in time: after 15 minutes', async () => {
  const summaries = 'GET /v1/billing/meters/*/event_summaries';
  const stream = 'POST /v2/billing/meter_event_stream';
  const { peer, stripe } = await testPeer({
    faults: [
      { route: summaries, nth: 1, fault: 'summary-lag' },
      { route: stream, nth: 1, fault: 'expire-session' },
    ],
  });
  const meter = await secondsMeter(stripe);
  await stripe.billing.meterEvents.create(usage('a', '5'));
  const end_time = (Math.floor(Date.now() / 60_000) + 2) * 60;
  const look = () =>
    stripe.billing.meters.listEventSummaries(meter.id, { customer: 'cus_acme', start_time: end_time - 600, end_time });
  expect((await look()).data).toEqual([]);
  expect((await look()).data[0]?.aggregated_value).toBe(5);
  const session = await stripe.v2.billing.meterEventSession.create();
  const send = () =>
    clientOf(peer, session.authentication_token).v2.billing.meterEventStream.create({
      events: [{ event_name: meter.event_name, payload: { stripe_customer_id: 'cus_acme', value: '1' } }],
    });
  await expect(send()).rejects.toMatchObject({ rawType: 'temporary_session_expired' });
  await send();
  await ask(peer, 'clock', { advanceSeconds: 14 * 60 });
  await send();
  await ask(peer, 'clock', { advanceSeconds: 2 * 60 });
  await expect(send()).rejects.toMatchObject({ rawType: 'temporary_session_expired' });
});

test.each([
  ['lost', {}, undefined],
  ['doubled', {}, '10'],
  ['altered', { value: '7' }, '7'],
])('drift: %s', async (kind, more, expected) => {
  const { peer, stripe } = await testPeer();
  await secondsMeter(stripe);
  await stripe.billing.meterEvents.create(usage('a', '5'));
  await ask(peer, 'drift', { identifier: 'a', kind, ...more });
  expect((await truthOf(peer)).sums[0]?.value).toBe(expected);
});
