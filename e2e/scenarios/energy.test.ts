import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { collectDue } from '../../operator/metering/testing/index.ts';
import { type Clock, createLogger, prometheusSource, systemClock } from '../../operator/observability/index.ts';
import { openStore, type Store } from '../../operator/store/index.ts';
import { progressTo } from '../cluster/progress.ts';
import { type DcgmPeer, startDcgmPeer } from '../peers/dcgm/server.ts';
import type { PodFacts, World } from '../peers/dcgm/world.ts';
import { type RunningPrometheus, startPrometheus } from '../peers/prometheus/index.ts';
import { eventually } from './gpu/operator.ts';

const STEP_MS = 900_000;
/** Readings up to this far beyond a step's end are waited for. */
const AHEAD_MS = 300_000;

const pod = (name: string, load: number): PodFacts => ({
  ...{
    uid: name,
    namespace: 'team',
    name,
    node: 'h1',
    container: 'main',
    resource: 'nvidia.com/gpu',
    devices: 1,
    load,
  },
});
const fleet: World = {
  nodes: [
    {
      name: 'h1',
      labels: { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3', 'nvidia.com/gpu.count': '3' },
      capacity: { 'nvidia.com/gpu': '3' },
    },
  ],
  pods: [pod('busy', 0.9), pod('idle', 0)],
};

const folder = mkdtempSync(join(tmpdir(), 'gpuopt-energy-'));
let exporter: DcgmPeer;
let prometheus: RunningPrometheus;
let store: Store;
beforeAll(async () => {
  exporter = await startDcgmPeer({ read: async () => fleet, collectMillis: 250 });
  const jobs = [{ name: 'dcgm', urls: [exporter.url] }];
  prometheus = await startPrometheus({ folder, intervalSeconds: 1, jobs, progress: progressTo(process.stderr) });
  store = await openStore({ dataDir: ':memory:', log: createLogger({ level: 'silent' }), clock: systemClock });
  await store.migrate();
});
afterAll(async () => {
  await store?.close();
  await prometheus?.stop();
  await exporter?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The sums of what a GPU drew, by the pods that were seen on it. */
async function energyByPods(): Promise<ReadonlyMap<string, bigint>> {
  const rows = await store.db.selectFrom('energy_sample').selectAll().execute();
  const sums = new Map<string, bigint>();
  for (const { pods, node, millijoules } of rows) {
    const key = `${node} ${pods}`;
    sums.set(key, (sums.get(key) ?? 0n) + BigInt(millijoules));
  }
  return sums;
}

it('energy is read from a real Prometheus by GPU, with the pods that dcgm-exporter sees on it', async () => {
  const begun = Math.floor(Date.now() / STEP_MS) * STEP_MS;
  const source = prometheusSource({ url: prometheus.url, clock: systemClock });
  const signal = new AbortController().signal;
  await eventually('three GPUs have been scraped for five seconds', async () => {
    const series = await source.at('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION[60s]', Date.now(), signal);
    return series.length === 3 && series.every(({ samples }) => samples.length >= 5) ? true : undefined;
  });
  // The step ends when the clock says so, though its second half has not been measured.
  const clock: Clock = { ...systemClock, now: () => begun + 2 * STEP_MS + AHEAD_MS };
  await store.fence.within(async (trx) => {
    await trx
      .insertInto('watermark')
      .values({ name: 'metering.energy', at: new Date(begun) })
      .execute();
  });
  expect(await collectDue({ store, clock, source }, signal)).toBe(2);
  const energy = await energyByPods();
  const [busy = 0n, idle = 0n, free = 0n] = ['["team/busy"]', '["team/idle"]', '[]'].map(
    (pods) => energy.get(`h1 ${pods}`) ?? 0n,
  );
  expect(energy.size).toBe(3);
  expect(busy > idle && idle > 0n && free > 0n).toBe(true);
  // An H100 draws 700 W at most; nothing can have drawn more since the peer began, some minutes ago at the very most.
  expect(busy < 700n * 1000n * 600n).toBe(true);
  expect(await collectDue({ store, clock, source }, signal)).toBe(0);
});
