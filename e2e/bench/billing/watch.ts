/** From the moment a bound pod is in the API to its interval in the store, with thousands of pods beside it. */
import { setTimeout as delay } from 'node:timers/promises';

import { meteringRoom } from '../../../operator/metering/index.ts';
import { createRegistry, systemClock } from '../../../operator/observability/index.ts';
import { createManager } from '../../../operator/runtime/index.ts';
import { FakeServer } from '../../../operator/runtime/testing/index.ts';
import type { Store } from '../../../operator/store/index.ts';
import { percentile } from '../numbers.ts';
import { type Ground, log } from './ground.ts';

/** What came of it, in milliseconds. */
export interface WatchResult {
  readonly pods: number;
  readonly samples: number;
  readonly p50: number;
  readonly p99: number;
}

const samples = 600;
/** Kubernetes' own limit of churn at 5,000 nodes: 20 pods a second. */
const gapMillis = 50;
const pollMillis = 10;
const patienceMillis = 120_000;

/** Measures with `pods` pods that hold GPUs already. The API is a server in this process, so its work counts too. */
export async function measureWatch(ground: Ground, pods: number, signal: AbortSignal): Promise<WatchResult> {
  const store = await ground.open();
  const server = await FakeServer.start();
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);
  seedWorld(server, pods);
  const manager = createManager({
    cluster: server.cluster,
    rooms: [meteringRoom({ store, clock: systemClock, log, registry: createRegistry() })],
    log,
    registry: createRegistry(),
    http: { host: '127.0.0.1', port: 0 },
  });
  const running = manager.run(stopped);
  try {
    await until(async () => (await countStored(store)) >= pods);
    return { pods, samples, ...(await measure(server, store)) };
  } finally {
    stop.abort();
    await running;
    await server.close();
  }
}

async function measure(server: FakeServer, store: Store): Promise<{ readonly p50: number; readonly p99: number }> {
  const made = new Map<string, number>();
  const waits: number[] = [];
  const looking = (async () => {
    await until(async () => {
      for (const uid of await newOnes(store, [...made.keys()])) {
        const at = made.get(uid);
        if (at === undefined) continue;
        made.delete(uid);
        waits.push(performance.now() - at);
      }
      return waits.length === samples;
    });
  })();
  for (let at = 0; at < samples; at += 1) {
    const { uid = '' } = server.api.create('pods', podOf(`sample-${at}`)).metadata;
    made.set(uid, performance.now());
    await delay(gapMillis);
  }
  await looking;
  return { p50: percentile(waits, 0.5), p99: percentile(waits, 0.99) };
}

async function newOnes({ db }: Store, uids: readonly string[]): Promise<readonly string[]> {
  if (uids.length === 0) return [];
  const rows = await db.selectFrom('alloc_interval').select('uid').where('uid', 'in', uids).execute();
  return rows.map(({ uid }) => uid);
}

async function countStored({ db }: Store): Promise<number> {
  const row = await db
    .selectFrom('alloc_interval')
    .select(({ fn }) => fn.countAll<bigint>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

async function until(done: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + patienceMillis;
  while (!(await done())) {
    if (performance.now() > end) throw new Error(`nothing came within ${patienceMillis / 1000} s`);
    await delay(pollMillis);
  }
}

function seedWorld({ api }: FakeServer, pods: number): void {
  const labels = { 'gpuoptimizer.io/tenant': 'acme', 'gpuoptimizer.io/managed': 'true' };
  api.seed('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'acme', labels } });
  const product = { 'nvidia.com/gpu.product': 'NVIDIA-L4' };
  api.seed('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'l4', labels: product } });
  for (let at = 0; at < pods; at += 1) api.seed('pods', podOf(`pod-${at}`));
}

function podOf(name: string) {
  const at = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString().replace('.000Z', 'Z');
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...{ name, namespace: 'acme', uid: `uid-${name}`, creationTimestamp: at },
      finalizers: ['gpuoptimizer.io/metering'],
    },
    spec: {
      nodeName: 'l4',
      containers: [{ name: 'main', image: 'x', resources: { limits: { 'nvidia.com/gpu': '1' } } }],
    },
    status: { phase: 'Running', conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: at }] },
  };
}
