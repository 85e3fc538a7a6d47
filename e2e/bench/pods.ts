import type { WorkloadObject } from '../fleet/objects.ts';
import { type BenchApi, inParallel } from './api.ts';

/** Times of one load of pods, in milliseconds from the moment each create was answered. */
export interface LoadResult {
  readonly pods: number;
  /** From the first create to the last binding. */
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Millis: number;
  readonly p99Millis: number;
}

interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName?: string };
}

const CREATE_WIDTH = 16;

/** Creates all pods as fast as the API server takes them and waits until each is bound; rejects after `timeoutMillis`. */
export async function loadPods(
  api: BenchApi,
  namespace: string,
  pods: readonly WorkloadObject[],
  timeoutMillis: number,
): Promise<LoadResult> {
  const created = new Map<string, number>();
  const bound = new Map<string, number>();
  const stop = AbortSignal.timeout(timeoutMillis);
  const done = new AbortController();
  const watching = watchBindings(api, namespace, bound, pods.length, AbortSignal.any([stop, done.signal]));
  const start = performance.now();
  await inParallel(pods, CREATE_WIDTH, async (pod) => {
    const answer = await api.send('POST', `/api/v1/namespaces/${namespace}/pods`, pod);
    if (answer.status !== 201)
      throw new Error(`creating ${pod.metadata.name} answered ${answer.status}: ${answer.text.slice(0, 300)}`);
    created.set(pod.metadata.name, performance.now());
  });
  await watching.catch((cause: unknown) => {
    throw new Error(`only ${bound.size} of ${pods.length} pods were bound within ${timeoutMillis / 1000} s`, { cause });
  });
  done.abort();
  const waits = [...bound].map(([name, at]) => Math.max(0, at - (created.get(name) ?? at))).sort((a, b) => a - b);
  const seconds = (Math.max(...bound.values()) - start) / 1000;
  return {
    pods: pods.length,
    seconds,
    perSecond: pods.length / seconds,
    p50Millis: percentile(waits, 0.5),
    p99Millis: percentile(waits, 0.99),
  };
}

async function watchBindings(
  api: BenchApi,
  namespace: string,
  bound: Map<string, number>,
  expected: number,
  signal: AbortSignal,
): Promise<void> {
  for await (const event of api.watch<Pod>(
    `/api/v1/namespaces/${namespace}/pods?watch=true&resourceVersion=0`,
    signal,
  )) {
    const { metadata, spec } = event.object;
    if (spec?.nodeName === undefined || bound.has(metadata.name)) continue;
    bound.set(metadata.name, performance.now());
    if (bound.size >= expected) return;
  }
  throw new Error('the watch ended early');
}

/** Deletes all pods of a namespace and waits until they are gone. */
export async function clearPods(api: BenchApi, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  await api.send('DELETE', path, { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 });
  for (;;) {
    const answer = await api.send('GET', `${path}?limit=1`);
    const list: { readonly items: readonly object[] } = JSON.parse(answer.text);
    if (list.items.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** The value below which the share `p` of the sorted values lies. */
export function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN;
}
