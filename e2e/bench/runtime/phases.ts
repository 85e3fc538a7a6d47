import { setTimeout as delay } from 'node:timers/promises';
import { inParallel, until } from '../api.ts';
import type { MetricsPage } from '../metrics.ts';
import { percentile } from '../numbers.ts';
import { ASSEMBLIES, assemblyName, assemblySpec, COMMON_PART, PARTS } from './objects.ts';
import type { Side } from './side.ts';
import { watchStatuses } from './statuses.ts';
import { createPods, type RuntimeWorld, serverCpuSeconds } from './world.ts';

/** From the start of the process on assemblies that nobody has reconciled until all are Ready. */
export interface FirstRun {
  readonly secondsToSynced: number;
  readonly secondsToAllReady: number;
  /** Assemblies made Ready a second, from complete caches on. */
  readonly perSecond: number;
  readonly reconciles: number;
  readonly reconcilesPerSecond: number;
  readonly writes: number;
  readonly cpuSeconds: number;
  readonly serverCpuSeconds: number;
  readonly peakRssMiB: number;
}

/** Changes of single assemblies, one every 50 ms, whether or not the one before is done. */
export interface Churn {
  readonly changes: number;
  /** From the answer to the change until the status that tells of it was seen. */
  readonly p50Millis: number;
  readonly p99Millis: number;
  readonly writes: number;
  readonly cpuSeconds: number;
}

/** One change that wakes every assembly and leaves nothing to do. */
export interface NoOps {
  readonly passes: number;
  readonly perSecond: number;
  readonly writes: number;
  readonly cpuSeconds: number;
}

/** Pods that are created while the process caches them. */
export interface PodEvents {
  readonly events: number;
  /** Before the first pod, with all caches complete and nothing to do. */
  readonly idleCpuPercent: number;
  /** Without what the process takes when idle: pods come slowly on a machine that others use. */
  readonly cpuMicrosPerEvent: number;
}

/** The process started again on everything: assemblies with children and statuses, and all pods. */
export interface Restart {
  readonly secondsToSynced: number;
  readonly cpuSecondsToSynced: number;
  /** 99th percentile of the event loop's delay until then, as Node states it; undefined for Go. */
  readonly loopDelayP99Millis?: number;
  readonly podsCached: number;
  /** Until everything was looked at once. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly writes: number;
  readonly rssMiB: number;
  readonly peakRssMiB: number;
}

const READY_MILLIS = 900_000;
const CHURN_MILLIS = 50;
const PASSES = 'controller_runtime_reconcile_total';
const SETTLE_POLL_MILLIS = 100;
const NO_OP_POLL_MILLIS = 20;
const PODS_POLL_MILLIS = 500;
const IDLE_MILLIS = 10_000;

/** Starts a side on fresh assemblies and waits until all are Ready. It runs on afterwards. */
export async function firstRun(world: RuntimeWorld, side: Side, assemblies: number): Promise<FirstRun> {
  const statuses = watchStatuses(world);
  try {
    const serverBefore = await serverCpuSeconds(world);
    const began = performance.now();
    const secondsToSynced = await side.start(world.signal);
    const ready = await statuses.count(assemblies, READY_MILLIS);
    const reconciles = (await side.metrics()).sum(PASSES);
    const secondsToAllReady = (ready - began) / 1000;
    await settled(world, side);
    const { cpuSeconds, peakRssMiB } = side.use();
    const working = secondsToAllReady - secondsToSynced;
    return {
      secondsToSynced,
      secondsToAllReady,
      perSecond: assemblies / working,
      reconciles,
      reconcilesPerSecond: reconciles / working,
      writes: writesOf(await side.metrics()),
      cpuSeconds,
      serverCpuSeconds: (await serverCpuSeconds(world)) - serverBefore,
      peakRssMiB,
    };
  } finally {
    await statuses.close();
  }
}

/** Adds one to the quantity of every hundredth assembly (at least ten of them) and waits for their statuses. */
export async function churn(world: RuntimeWorld, side: Side, assemblies: number): Promise<Churn> {
  const statuses = watchStatuses(world);
  try {
    await statuses.count(assemblies, READY_MILLIS);
    const before = { writes: writesOf(await side.metrics()), cpuSeconds: side.use().cpuSeconds };
    const changes = churned(assemblies);
    const began = performance.now();
    const lanes = changes.map((index, at) => ({ index, due: began + at * CHURN_MILLIS }));
    const waits: number[] = [];
    await inParallel(lanes, lanes.length, world.signal, async ({ index, due }) => {
      await delay(Math.max(0, due - performance.now()), undefined, { signal: world.signal });
      const body = { spec: { quantity: assemblySpec(index, assemblies).quantity + 1 } };
      const contentType = 'application/merge-patch+json';
      const name = assemblyName(index);
      const { text } = await world.api.send('PATCH', `${ASSEMBLIES}/${name}`, { body, contentType });
      const answered = performance.now();
      const { metadata }: { readonly metadata: { readonly generation: number } } = JSON.parse(text);
      waits.push(Math.max(0, (await statuses.seen(name, metadata.generation)) - answered));
    });
    await settled(world, side);
    return {
      changes: changes.length,
      p50Millis: percentile(waits, 0.5),
      p99Millis: percentile(waits, 0.99),
      writes: writesOf(await side.metrics()) - before.writes,
      cpuSeconds: side.use().cpuSeconds - before.cpuSeconds,
    };
  } finally {
    await statuses.close();
  }
}

/** The assemblies that `churn` changes. */
export function churned(assemblies: number): readonly number[] {
  const step = Math.min(100, Math.max(1, Math.floor(assemblies / 10)));
  return Array.from({ length: Math.ceil(assemblies / step) }, (_, at) => at * step);
}

/** Paints the common part, which wakes all assemblies, and waits until each was looked at. */
export async function noOps(world: RuntimeWorld, side: Side, assemblies: number): Promise<NoOps> {
  const page = await side.metrics();
  const before = { passes: page.sum(PASSES), writes: writesOf(page), cpuSeconds: side.use().cpuSeconds };
  const body = { spec: { colour: side.name } };
  const contentType = 'application/merge-patch+json';
  await world.api.send('PATCH', `${PARTS}/${COMMON_PART}`, { body, contentType });
  const began = performance.now();
  const all = async (): Promise<MetricsPage | undefined> => {
    const now = await side.metrics();
    return now.sum(PASSES) - before.passes >= assemblies ? now : undefined;
  };
  const after = await until('all assemblies were looked at', READY_MILLIS, world.signal, all, NO_OP_POLL_MILLIS);
  const seconds = (performance.now() - began) / 1000;
  const passes = after.sum(PASSES) - before.passes;
  return {
    passes,
    perSecond: passes / seconds,
    writes: writesOf(after) - before.writes,
    cpuSeconds: side.use().cpuSeconds - before.cpuSeconds,
  };
}

/** Starts a side, then creates the pods `from` … `to` and waits until all are cached; the side is stopped. */
export async function podEvents(world: RuntimeWorld, side: Side, from: number, to: number): Promise<PodEvents> {
  await side.start(world.signal);
  await settled(world, side);
  const idleBefore = side.use().cpuSeconds;
  await delay(IDLE_MILLIS, undefined, { signal: world.signal });
  const before = side.use().cpuSeconds;
  const idle = ((before - idleBefore) * 1000) / IDLE_MILLIS;
  const began = performance.now();
  await createPods(world, from, to);
  const all = async (): Promise<true | undefined> => (podsIn(await side.metrics()) >= to ? true : undefined);
  await until(`${to} pods are cached`, READY_MILLIS, world.signal, all, PODS_POLL_MILLIS);
  const seconds = (performance.now() - began) / 1000;
  const cpuSeconds = side.use().cpuSeconds - before - idle * seconds;
  await side.stop();
  const events = to - from;
  return { events, idleCpuPercent: idle * 100, cpuMicrosPerEvent: (cpuSeconds * 1e6) / events };
}

/** Starts a side on everything, waits until all assemblies were looked at once, and stops it. */
export async function restart(world: RuntimeWorld, side: Side): Promise<Restart> {
  const began = performance.now();
  const secondsToSynced = await side.start(world.signal);
  const { cpuSeconds: cpuSecondsToSynced } = side.use();
  // The first look at the page: Node states the delays since the last.
  const lag = 'nodejs_eventloop_lag_p99_seconds';
  const first = await side.metrics();
  await settled(world, side);
  const seconds = (performance.now() - began) / 1000;
  const { cpuSeconds, rssMiB, peakRssMiB } = side.use();
  const page = await side.metrics();
  await side.stop();
  return {
    secondsToSynced,
    cpuSecondsToSynced,
    ...(first.has(lag) && { loopDelayP99Millis: first.sum(lag) * 1000 }),
    podsCached: podsIn(page),
    seconds,
    cpuSeconds,
    writes: writesOf(page),
    rssMiB,
    peakRssMiB,
  };
}

/** Waits until nothing is queued or in work, twice in a row. */
async function settled({ signal }: RuntimeWorld, side: Side): Promise<void> {
  let last = Number.NaN;
  const quiet = async (): Promise<true | undefined> => {
    const page = await side.metrics();
    const passes = page.sum(PASSES);
    const busy = page.sum('workqueue_depth') + page.sum('controller_runtime_active_workers');
    const done = busy === 0 && passes > 0 && passes === last;
    last = passes;
    return done ? true : undefined;
  };
  await until(`${side.name} has nothing to do`, READY_MILLIS, signal, quiet, SETTLE_POLL_MILLIS);
}

function writesOf(page: MetricsPage): number {
  const writes = ['POST', 'PUT', 'PATCH', 'DELETE'];
  return writes.reduce((sum, method) => sum + page.sum('rest_client_requests_total', { method }), 0);
}

function podsIn(page: MetricsPage): number {
  return page.sum('informer_objects', { kind: 'pods' });
}
