import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../api.ts';
import { PHASE_MILLIS, podsIn, settled, writesOf } from './settled.ts';
import type { Side } from './side.ts';
import { createPods, type RuntimeWorld } from './world.ts';

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

const PODS_POLL_MILLIS = 500;
const IDLE_MILLIS = 10_000;

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
  await until(`${to} pods are cached`, PHASE_MILLIS, world.signal, all, PODS_POLL_MILLIS);
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
