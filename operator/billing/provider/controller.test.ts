import { afterEach, expect, test } from 'vitest';

import { type StripePeer, startStripePeer } from '../../../e2e/peers/stripe/index.ts';
import { kinds } from '../../api/index.ts';
import type { Clock } from '../../observability/index.ts';
import { runPass, type Thing } from '../../runtime/testing/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { freezeSealed } from '../outbox/freeze.ts';
import { createSinks, type Sinks } from '../sinks/registry.ts';
import type { UsageSink } from '../sinks/sink.ts';
import { payer, priced, provider, skuAt } from '../testing/catalog-world.ts';
import { sealWindow, seedPayer, seedPrices } from '../testing/ledger.ts';
import { billingProviderController } from './controller.ts';

const store = storeForFile();
const now = new Date('2026-06-01T00:00:00Z');

let peer: StripePeer | undefined;
afterEach(async () => {
  await peer?.close();
  peer = undefined;
});

async function call(path: string, method: 'GET' | 'POST'): Promise<unknown> {
  const headers = { authorization: 'Bearer sk_test_peer' };
  const response = await fetch(`${peer?.url}/v1/billing/meters${path}`, { headers, method });
  expect(response.status).toBe(200);
  return JSON.parse(await response.text());
}

/** Passes of one process over Stripe at `url` and more. */
function passes(url: string, sinks: Sinks, ...more: readonly Thing[]): () => Promise<readonly unknown[]> {
  return passesOver(sinks, () => [...provider(url), ...more]);
}

/** Passes of one process: why the provider is Ready or not, and the events that may be sent. */
function passesOver(sinks: Sinks, worldOf: () => readonly Thing[]): () => Promise<readonly unknown[]> {
  const controller = billingProviderController({
    ...{ store: store(), sinks, sources: new Map(), clock, operatorNamespace: 'gpuopt-system' },
  });
  return async () => {
    const output = await runPass(controller, { world: worldOf(), key: { name: 'stripe' }, now });
    const conditions = output.get(kinds.BillingProvider, { name: 'stripe' })?.status?.conditions;
    const ready = conditions?.find(({ type }) => type === 'Ready');
    return [ready?.reason, sinks.open().flatMap(([, { eventNames }]) => eventNames)];
  };
}

const clock: Clock = { now: () => 0, monotonic: () => 0, sleep: async () => undefined };
const noSinks = (): Sinks => createSinks(clock);
const both = ['gpu_seconds__a100', 'gpu_seconds__l4'];

test('a list whose tenant is no customer yet has its meters, for prices count by them', async () => {
  peer = await startStripePeer({ settings: { account: 'acct_1', ratePerSecond: 100_000 } });
  await priced(store(), [skuAt('l4'), skuAt('a100')]);
  expect(await passes(peer.url, noSinks(), payer('acme'))()).toEqual(['Accepting', both]);
});

test('a meter that was archived is not made again: its usage waits, that of others is sent, until it is back', async () => {
  peer = await startStripePeer({ customers: ['cus_acme'], settings: { account: 'acct_1', ratePerSecond: 100_000 } });
  const { url } = peer;
  await priced(store(), [skuAt('l4'), skuAt('a100')]);
  await seedPayer(store());
  const sinks = noSinks();
  const pass = passes(url, sinks);
  expect(await pass()).toEqual(['Accepting', both]);
  const hour = Math.floor(Date.now() / 3_600_000) * 3600;
  const sinkOf = (): UsageSink | undefined => sinks.open()[0]?.[1].sink;
  const frozen = {
    identifier: 'gm1_a',
    eventName: 'gpu_seconds__l4',
    customer: 'cus_acme',
    timestamp: hour,
    quantity: 7n,
  };
  expect(await sinkOf()?.deliver(frozen, new AbortController().signal)).toEqual({ kind: 'accepted' });
  const { data } = Object(await call('', 'GET'));
  const l4: string = data.find(({ event_name }: { event_name: string }) => event_name === 'gpu_seconds__l4').id;
  await call(`/${l4}/deactivate`, 'POST');
  expect(await pass()).toEqual(['MeterArchived', ['gpu_seconds__a100']]);
  // Else what it has counted would look lost, and be sent again.
  expect(await sinkOf()?.recorded('gpu_seconds__l4', 'cus_acme', hour)).toBe(7n);
  expect(Object(await call('', 'GET')).data).toHaveLength(2);
  await call(`/${l4}/reactivate`, 'POST');
  expect(await pass()).toEqual(['Accepting', both]);
});

test('the transport chooses the call that usage goes by, from the pass on that sees it', async () => {
  peer = await startStripePeer({ settings: { account: 'acct_1', ratePerSecond: 100_000 } });
  const { url } = peer;
  const sinks = noSinks();
  let spec: Parameters<typeof provider>[1] = {};
  const pass = passesOver(sinks, () => provider(url, spec));
  const rowsOfCall = async (): Promise<number | undefined> => {
    await pass();
    return sinks.open()[0]?.[1].sink.batch?.mostRows;
  };
  expect(await rowsOfCall()).toBeUndefined();
  spec = { transport: 'MeterEventStream' };
  expect(await rowsOfCall()).toBe(100);
  spec = { transport: 'MeterEvents' };
  expect(await rowsOfCall()).toBeUndefined();
  expect(sinks.open()).toHaveLength(1);
});

test('a receiver is sent every event by which tenants are charged, wherever it moves; Stripe is not, once rows are frozen for it', async () => {
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '3.60' }]);
  await seedPayer(store());
  const event = ['gpu_seconds__l4'];
  const signing = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const sinks = noSinks();
  let spec: Parameters<typeof provider>[1] = {};
  let key = signing;
  const pass = passesOver(sinks, () => provider('', { catalog: undefined, endpoint: undefined, ...spec }, key));
  const receiver = (url: string) => ({ type: 'Webhook', webhook: { url } }) as const;
  spec = receiver('https://usage.example/v1/events');
  expect(await pass()).toEqual(['Accepting', event]);
  await freeze();
  spec = receiver('https://elsewhere.example/');
  expect(await pass()).toEqual(['Accepting', event]);
  key = 'whsec_short';
  expect(await pass()).toEqual(['SigningKeyInvalid', []]);
  key = 'sk_test_peer';
  peer = await startStripePeer({ settings: { account: 'acct_1', ratePerSecond: 100_000 } });
  spec = { endpoint: peer.url };
  expect(await pass()).toEqual(['AccountChanged', []]);
});

/** One row is on its way. */
async function freeze(): Promise<void> {
  const window = await sealWindow(store(), '2026-01-01T00:00:00Z', 3600n);
  await store().fence.within((trx) => freezeSealed(trx, [window]));
}
