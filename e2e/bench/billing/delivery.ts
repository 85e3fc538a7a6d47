/** An hour of many tenants: sealed and frozen in one transaction, then sent to the peer at Stripe's live limits. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freezeSealed } from '../../../operator/billing/index.ts';
import { sendDue } from '../../../operator/billing/outbox/index.ts';
import { createSinks, meterEventStream, stripeSink } from '../../../operator/billing/sinks/index.ts';
import { type NewInterval, sealDue, writePlan } from '../../../operator/metering/testing/index.ts';
import { systemClock } from '../../../operator/observability/index.ts';
import type { Store } from '../../../operator/store/index.ts';
import { type Ground, log, secondsSince } from './ground.ts';

/** How usage goes to Stripe: an event a call, or a hundred by the event stream (v2). */
export type Transport = 'MeterEvents' | 'MeterEventStream';

/** What came of it. */
export interface DeliveryResult {
  readonly windows: number;
  readonly sealSeconds: number;
  readonly sendSeconds: number;
  readonly sentPerSecond: number;
  /** GPU-seconds that the peer counted, beside those of the intervals. */
  readonly billed: string;
  readonly truth: string;
}

const hourMillis = 3_600_000;
const skus = 8;
/** Stripe's limit on meter events in live mode. */
const eventsPerSecond = 1000;
const provider = 'stripe';
const book = 'standard';
const peerMain = join(import.meta.dirname, '../../peers/stripe/main.ts');

/** Measures `count` windows: an eighth as many tenants, each with eight SKUs and a customer of its own. */
export async function measureDelivery(
  ground: Ground,
  count: number,
  transport: Transport,
  signal: AbortSignal,
): Promise<DeliveryResult> {
  const store = await ground.open();
  const tenants = Math.ceil(count / skus);
  const peer = await startPeer();
  try {
    for (let at = 0; at < tenants; at += 1) await ask(peer.url, 'customers', { id: `cus_${at}` });
    await prepare(store, tenants, peer.account);
    const hour = Math.floor(Date.now() / hourMillis) * hourMillis - hourMillis;
    const intervals = intervalsOf(tenants, hour);
    await writePlan(store, { open: intervals, close: [], release: [] }, hour + hourMillis);
    const sealing = performance.now();
    const options = { store, clock: systemClock, windowSeconds: 3600, graceSeconds: 0, onSealed: freezeSealed };
    await sealDue(options, signal);
    const sealSeconds = secondsSince(sealing);
    const sendSeconds = await send(store, peer, transport, signal);
    const windows = tenants * skus;
    const truth = intervals.reduce((sum, { units, openedAt, end }) => sum + BigInt((end.at - openedAt) * units), 0n);
    const billed = await billedBy(peer.url);
    const sentPerSecond = windows / sendSeconds;
    return { windows, sealSeconds, sendSeconds, sentPerSecond, billed: String(billed), truth: String(truth / 1000n) };
  } finally {
    await peer.stop();
  }
}

const eventName = (sku: number): string => `gpu_seconds__gpu_${sku}`;

async function send(
  store: Store,
  { url, account }: { readonly url: string; readonly account: string },
  transport: Transport,
  signal: AbortSignal,
): Promise<number> {
  const connection = { key: 'sk_test_peer', endpoint: url };
  const batch = transport === 'MeterEventStream' ? meterEventStream(connection, systemClock) : undefined;
  const sink = stripeSink(connection, batch);
  const names = Array.from({ length: skus }, (_, sku) => eventName(sku));
  await sink.ensureMeters(account, names);
  const sinks = createSinks(systemClock);
  sinks.set(provider, sink, names, eventsPerSecond);
  // The cluster is not measured here: keeping the mark is one request a batch.
  const mark = { read: async () => 0n, raise: async () => undefined };
  const started = performance.now();
  while (!signal.aborted && (await sendDue({ store, clock: systemClock, log, sinks, mark }, signal)) > 0);
  return secondsSince(started);
}

/** Whole seconds, so that each window emits what it holds. */
function intervalsOf(
  tenants: number,
  hour: number,
): readonly (NewInterval & { readonly end: { readonly at: number } })[] {
  return Array.from({ length: tenants * skus }, (_, at) => {
    const sku = at % skus;
    return {
      ...{ uid: `uid-${at}`, namespace: 'bench', pod: `pod-${at}`, node: 'node', deviceKey: 'nvidia.com/gpu' },
      ...{ model: `GPU-${sku}`, profile: 'full', meter: `${eventName(sku)}__full` },
      tenant: `t${Math.floor(at / skus)}`,
      units: 1 + (at % 7),
      openedAt: hour + (at % 600) * 1000,
      end: { at: hour + hourMillis - (at % 900) * 1000, estimated: false },
    };
  });
}

async function prepare(store: Store, tenants: number, account: string): Promise<void> {
  const names = Array.from({ length: skus }, (_, sku) => ({
    name: `gpu_${sku}`,
    model: `GPU-${sku}`,
    profile: 'full',
  }));
  const version = { book, version: 1, currency: 'usd', effective_from: '2025-01-01T00:00:00Z' };
  await store.fence.within(async (trx) => {
    await trx
      .insertInto('price_book')
      .values({ ...version, object: 'standard-1', digest: '' })
      .execute();
    await trx
      .insertInto('price_sku')
      .values(names.map((sku) => ({ ...sku, book, version: 1, per_hour: '2.50', unit_price: '0.069444444444' })))
      .execute();
    await trx.insertInto('billing_account').values({ provider, mode: 'test', account }).execute();
    const links = Array.from({ length: tenants }, (_, at) => ({
      tenant: `t${at}`,
      customer: `cus_${at}`,
      provider,
      book,
    }));
    await trx.insertInto('customer_link').values(links).execute();
  });
}

async function billedBy(url: string): Promise<bigint> {
  const response = await fetch(`${url}/_peer/truth`);
  // The peer's own route, of this repository.
  const { sums } = (await response.json()) as { readonly sums: readonly { readonly value: string }[] };
  return sums.reduce((sum, { value }) => sum + BigInt(value), 0n);
}

async function ask(url: string, route: string, body: object): Promise<void> {
  const response = await fetch(`${url}/_peer/${route}`, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`the peer refused ${route}: ${await response.text()}`);
}

async function startPeer() {
  const child = spawn(process.execPath, [peerMain, '--rates', 'live'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  const { url, account }: { url: string; account: string } = JSON.parse(String(line));
  const stop = async (): Promise<void> => {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  return { url, account, stop };
}
