import { PLAN_LABEL } from '../../operator/scheduling/index.ts';
import type { WorkloadObject } from '../fleet/objects.ts';
import { type BenchApi, inParallel } from './api.ts';
import { percentile } from './numbers.ts';

/** One load of pods. */
export interface LoadResult {
  readonly pods: number;
  /** From the first create until the last pod was bound. */
  readonly seconds: number;
  readonly perSecond: number;
  /** Pods that the API server took a second. */
  readonly createdPerSecond: number;
  /** From the moment a create was answered until the binding was seen. */
  readonly p50Millis: number;
  readonly p99Millis: number;
  /** From create until the plan that released the pod began; undefined where nothing plans. */
  readonly planP50Millis?: number;
  /** Passes of the planner that released pods. */
  readonly plans?: number;
}

/** How to load. */
export interface LoadOptions {
  readonly namespace: string;
  readonly pods: readonly WorkloadObject[];
  readonly timeoutMillis: number;
  readonly signal: AbortSignal;
}

/** A moment on the monotonic clock, and on the wall clock that plans are named by. */
interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

/** Creates on the way at once: as many as keep two cores of API server busy. */
const CREATE_WIDTH = 16;

/** Creates all pods as fast as the API server takes them and waits until each is bound. */
export async function loadPods(api: BenchApi, options: LoadOptions): Promise<LoadResult> {
  const { namespace, pods, timeoutMillis, signal } = options;
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const created = new Map<string, Moment>();
  const bound = new Map<string, number>();
  const end = new AbortController();
  const stop = AbortSignal.any([AbortSignal.timeout(timeoutMillis), end.signal, signal]);
  const watching = watchBindings(api, path, bound, pods.length, stop);
  try {
    const start = performance.now();
    const creating = inParallel(pods, CREATE_WIDTH, stop, async (pod) => {
      // It exists already when the answer to the first try was lost.
      await api.send('POST', path, { body: pod, also: [409] });
      created.set(pod.metadata.name, { monotonic: performance.now(), wall: Date.now() });
    });
    await Promise.all([creating, watching]);
    const waits = [...bound].map(([name, at]) => Math.max(0, at - (created.get(name)?.monotonic ?? at)));
    const seconds = (Math.max(...bound.values()) - start) / 1000;
    const creates = [...created.values()].map(({ monotonic }) => monotonic);
    return {
      pods: pods.length,
      seconds,
      perSecond: pods.length / seconds,
      createdPerSecond: (pods.length * 1000) / (Math.max(...creates) - start),
      p50Millis: percentile(waits, 0.5),
      p99Millis: percentile(waits, 0.99),
      ...(await planTimes(api, path, created)),
    };
  } catch (cause) {
    if (signal.aborted || !stop.aborted) throw cause;
    throw new Error(`only ${bound.size} of ${pods.length} pods were bound within ${timeoutMillis / 1000} s`, { cause });
  } finally {
    end.abort();
    // It ends with the signal; what it says then is not of interest.
    await watching.catch(() => undefined);
  }
}

/**
 * Notes when pods are bound. The server filters, so that this process hears of a pod only once it is bound. A server
 * that is busy ends watches it cannot feed in time; then the next one goes on where the last event left off.
 */
async function watchBindings(
  api: BenchApi,
  path: string,
  bound: Map<string, number>,
  expected: number,
  signal: AbortSignal,
): Promise<void> {
  let version = '0';
  while (bound.size < expected) {
    signal.throwIfAborted();
    const query = `watch=true&resourceVersion=${version}&fieldSelector=spec.nodeName%21%3D`;
    for await (const { type, object } of api.watch(`${path}?${query}`, signal)) {
      const { name, resourceVersion } = object.metadata;
      if (type === 'ERROR') version = '0';
      else version = resourceVersion ?? version;
      if (type !== 'ADDED' || bound.has(name)) continue;
      bound.set(name, performance.now());
      if (bound.size >= expected) return;
    }
  }
}

/** Reads afterwards, at no cost to the load, when the plan of each pod began: its label says so. */
async function planTimes(
  api: BenchApi,
  path: string,
  created: ReadonlyMap<string, Moment>,
): Promise<Pick<LoadResult, 'planP50Millis' | 'plans'>> {
  const plans = new Map<string, string>();
  for (const { metadata } of await api.list(path)) {
    const plan = metadata.labels?.[PLAN_LABEL];
    if (plan !== undefined) plans.set(metadata.name, plan);
  }
  if (plans.size === 0) return {};
  const waits = [...plans].map(([name, plan]) => Math.max(0, planTime(plan) - (created.get(name)?.wall ?? 0)));
  return { planP50Millis: percentile(waits, 0.5), plans: new Set(plans.values()).size };
}

/** 20261123T042214.123Z as milliseconds since the epoch. */
function planTime(plan: string): number {
  return Date.parse(plan.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(.*)$/, '$1-$2-$3T$4:$5:$6'));
}
