import { afterEach, expect, test } from 'vitest';

import { type StripePeer, startStripePeer } from '../../../../e2e/peers/stripe/index.ts';
import { ask } from '../../../../e2e/peers/stripe/testing.ts';
import { streamSessions } from './session.ts';

let peer: StripePeer;
afterEach(() => peer.close());

/** Sessions at a peer, and a clock of this side that passes when told. */
async function open() {
  peer = await startStripePeer({ settings: { ratePerSecond: 100_000 } });
  let now = 5000;
  const { current, drop } = streamSessions({ key: 'sk_test_peer', endpoint: peer.url }, { monotonic: () => now });
  const pass = (minutes: number): void => {
    now += minutes * 60_000;
  };
  return { get: current, drop, pass };
}

test('calls at once share one session, for the 14 minutes in which it is sure to last', async () => {
  const { get, pass } = await open();
  const [first, second] = await Promise.all([get(), get()]);
  expect(second).toBe(first);
  pass(13.9);
  expect(await get()).toBe(first);
  pass(0.1);
  const [third, fourth] = await Promise.all([get(), get()]);
  expect(third).not.toBe(first);
  expect(fourth).toBe(third);
});

test('its length is what Stripe says, whatever its clock shows', async () => {
  const { get, pass } = await open();
  await ask(peer, 'clock', { advanceSeconds: 86_400 });
  const first = await get();
  pass(13);
  expect(await get()).toBe(first);
});

test('one that Stripe takes no more is replaced, once for all who were refused', async () => {
  const { get, drop } = await open();
  const first = await get();
  drop(first);
  const next = await get();
  drop(first);
  expect(next).not.toBe(first);
  expect(await get()).toBe(next);
});

test('one that could not be opened is told to those who waited, and asked for anew by the next', async () => {
  const { get } = await open();
  const route = 'POST /v2/billing/meter_event_session';
  await ask(peer, 'faults', { plan: [{ route, nth: 1, fault: '500-before-accept' }] });
  const both = await Promise.allSettled([get(), get()]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await get();
});
