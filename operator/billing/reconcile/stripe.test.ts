import { afterAll, afterEach, expect, test } from 'vitest';

import { type StripePeer, startStripePeer } from '../../../e2e/peers/stripe/index.ts';
import { type Clock, createLogger } from '../../observability/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { freezeSealed } from '../outbox/freeze.ts';
import { sendDue } from '../outbox/sender.ts';
import { createSinks } from '../sinks/registry.ts';
import { stripeSink } from '../sinks/stripe/stripe-sink.ts';
import { sealWindow, seedPayer, seedPrices } from '../testing/ledger.ts';
import { MemoryMark } from '../testing/memory-mark.ts';
import { reconcileDue } from './reconcile.ts';

const store = storeForFile();
const log = createLogger({ level: 'silent' });
const signal = new AbortController().signal;
const hourMillis = 3_600_000;

let peer: StripePeer | undefined;
afterEach(async () => {
  await peer?.close();
  peer = undefined;
});
afterAll(() => peer?.close());

async function control(route: string, body: object): Promise<void> {
  const response = await fetch(`${peer?.url}/_peer/${route}`, { method: 'POST', body: JSON.stringify(body) });
  expect(response.status).toBe(200);
}

async function truth(): Promise<unknown> {
  const response = await fetch(`${peer?.url}/_peer/truth`);
  return Reflect.get(Object(JSON.parse(await response.text())), 'sums');
}

test.each([
  ['lost', {}],
  ['doubled', {}],
  ['altered', { value: '3599' }],
])('what the peer has %s is found in its own sums and corrected once', async (kind, more) => {
  peer = await startStripePeer({ customers: ['cus_acme'], settings: { ratePerSecond: 100_000 } });
  let ahead = 0;
  const clock: Clock = {
    now: () => Date.now() + ahead,
    monotonic: () => Date.now() + ahead,
    sleep: async () => undefined,
  };
  const sink = stripeSink({ key: 'sk_test_peer', endpoint: peer.url });
  await sink.ensureMeters('acct_1', ['gpu_seconds__l4']);
  const sinks = createSinks(clock);
  sinks.set('stripe', sink, ['gpu_seconds__l4'], 1000);
  const deps = { store: store(), clock, log, sinks, mark: new MemoryMark() };
  const round = async (minutes: number): Promise<void> => {
    await reconcileDue(deps, signal);
    while ((await sendDue(deps, signal)) > 0);
    ahead += minutes * 60_000;
    await control('clock', { advanceSeconds: minutes * 60 });
  };
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '2.50' }]);
  await seedPayer(store());
  const start = new Date(Math.floor(Date.now() / hourMillis) * hourMillis - 2 * hourMillis).toISOString();
  const window = await sealWindow(store(), start, 3600n);
  await store().fence.within((trx) => freezeSealed(trx, [window]));
  for (let count = 0; count < 3; count += 1) await round(5);
  const { identifier } = await store().db.selectFrom('outbox').select('identifier').executeTakeFirstOrThrow();
  await control('drift', { identifier, kind, ...more });
  await round(60);
  for (let count = 0; count < 4; count += 1) await round(5);
  expect(await truth()).toEqual([{ customer: 'cus_acme', eventName: 'gpu_seconds__l4', value: '3600' }]);
  const drifts = await store().db.selectFrom('drift').select('state').execute();
  expect(drifts.map(({ state }) => state)).toContain('CORRECTED');
  expect(await store().db.selectFrom('outbox').select('id').execute()).toHaveLength(2);
});
