import { setTimeout as delay } from 'node:timers/promises';
import { inParallel, until } from '../api.ts';
import type { MetricsPage } from '../metrics.ts';
import { percentile } from '../numbers.ts';
import { ASSEMBLIES, assemblyName, assemblySpec, COMMON_PART, PARTS } from './objects.ts';
import { PASSES, PHASE_MILLIS, settled, writesOf } from './settled.ts';
import type { Side } from './side.ts';
import { watchStatuses } from './statuses.ts';
import { type RuntimeWorld, serverCpuSeconds } from './world.ts';

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

const CHURN_MILLIS = 50;
const NO_OP_POLL_MILLIS = 20;

/** Starts a side on fresh assemblies and waits until all are Ready. It runs on afterwards. */
export async function firstRun(world: RuntimeWorld, side: Side, assemblies: number): Promise<FirstRun> {
  const statuses = watchStatuses(world);
  try {
    const serverBefore = await serverCpuSeconds(world);
    const began = performance.now();
    const secondsToSynced = await side.start(world.signal);
    const ready = await statuses.count(assemblies, PHASE_MILLIS);
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
    await statuses.count(assemblies, PHASE_MILLIS);
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
  const after = await until('all assemblies were looked at', PHASE_MILLIS, world.signal, all, NO_OP_POLL_MILLIS);
  const seconds = (performance.now() - began) / 1000;
  const passes = after.sum(PASSES) - before.passes;
  return {
    passes,
    perSecond: passes / seconds,
    writes: writesOf(after) - before.writes,
    cpuSeconds: side.use().cpuSeconds - before.cpuSeconds,
  };
}
