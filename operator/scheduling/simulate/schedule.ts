import { countShapes, createPlanner, createSnapshot, type Snapshot, seededRandom } from '../planner/index.ts';
import { arrivals, askedMilli } from './arrivals.ts';
import type { SimulateOptions, SimulateResult } from './contract.ts';
import { createMode, DEFAULT_WINDOW } from './modes.ts';
import { simulateOffline } from './offline.ts';
import { createReader, loadKey, READ_AT, type Reading, rounded } from './readings.ts';

/**
 * Submits the pods to the planner, one by one, by windows or all at once: no departure and no retry. In batches each pod has its
 * part of the batch's time, and loads are read when a batch is placed.
 */
export function simulateSchedule(options: SimulateOptions): SimulateResult {
  if (options.mode === 'offline') return simulateOffline(options).result;
  const snapshot = createSnapshot(options.nodes, options.seed);
  const typical = countShapes(options.pods);
  // FGD measures by the shapes of the whole list, as in the published runs; gpuopt knows what arrived, and no more.
  const known = options.policy === 'gpuopt' ? [] : typical;
  const planner = createPlanner(snapshot, { name: options.policy, typical: known });
  const queue = arrivals(options.pods, snapshot.capacityMilli, options.load, seededRandom(options.seed));
  const reading = readings(snapshot, createReader(snapshot, typical), options.load);
  const mode = createMode(options.mode, planner, options.window ?? DEFAULT_WINDOW, seededRandom(options.seed));
  const micros = new Float64Array(queue.length);
  let scheduled = 0;
  for (let from = 0; from < queue.length; from += mode.portion) {
    const pods = queue.slice(from, from + mode.portion);
    const members = pods.map((pod, at) => ({ ...pod, key: String(from + at) }));
    const began = options.clock();
    scheduled += mode.place(members).length;
    micros.fill((options.clock() - began) / members.length, from, from + members.length);
    for (const pod of pods) reading.arrived(askedMilli(pod));
  }
  reading.last();
  const { allocatedRatio, fragRatio } = reading;
  return {
    policy: options.policy,
    mode: options.mode,
    seed: options.seed,
    nodes: snapshot.nodes.length,
    gpus: snapshot.nodes.reduce((sum, node) => sum + node.gpus.count, 0),
    pods: queue.length,
    allocatedRatio,
    fragRatio,
    decisionMicros: { p50: quantile(micros, 0.5), p99: quantile(micros, 0.99) },
    planMillis: rounded(micros.reduce((sum, each) => sum + each, 0) / 1000, 1),
    migrations: mode.moves(),
    unscheduled: queue.length - scheduled,
  };
}

function readings({ capacityMilli }: Snapshot, read: () => Reading, load: number) {
  const allocatedRatio: Record<string, number> = {};
  const fragRatio: Record<string, number> = {};
  const waiting: number[] = READ_AT.filter((at) => at < load);
  let arrivedMilli = 0;
  const note = (at: number): void => {
    const { allocated, fragmented } = read();
    allocatedRatio[loadKey(at)] = allocated;
    fragRatio[loadKey(at)] = fragmented;
  };
  return {
    allocatedRatio,
    fragRatio,
    arrived(milli: number): void {
      arrivedMilli += milli;
      while (waiting[0] !== undefined && arrivedMilli >= waiting[0] * capacityMilli) note(waiting.shift() ?? 0);
    },
    last: (): void => note(load),
  };
}

/** Nearest-rank quantile, to a tenth. */
function quantile(values: Float64Array, share: number): number {
  const sorted = values.slice().sort();
  const at = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1));
  return rounded(sorted[at] ?? 0, 1);
}
