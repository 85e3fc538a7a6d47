import { countShapes, createPlanner, createSnapshot, placeOffline, seededRandom } from '../planner/index.ts';
import { arrivals, askedMilli } from './arrivals.ts';
import type { SimulateOptions, SimulateResult } from './contract.ts';
import type { TracePod } from './openb.ts';
import { createReader, loadKey, READ_AT, rounded } from './readings.ts';

/** What the linear program allocates, and what it is shown that no plan exceeds: fractions of the capacity, by load. */
export type ProgramRatios = Readonly<Record<string, { readonly value: number; readonly ceiling: number }>>;

/**
 * Plans all pods of a load at once, on an empty fleet. Each load is planned by itself: what the offline class can make
 * of the pods that arrived until then. Times and counts are those of the last.
 */
export function simulateOffline(
  options: SimulateOptions,
  loads: readonly number[] = [...READ_AT.filter((at) => at < options.load), options.load],
): {
  readonly result: SimulateResult;
  readonly program: ProgramRatios;
} {
  const capacityMilli = createSnapshot(options.nodes).capacityMilli;
  const queue = arrivals(options.pods, capacityMilli, options.load, seededRandom(options.seed));
  const allocatedRatio: Record<string, number> = {};
  const fragRatio: Record<string, number> = {};
  const program: Record<string, ProgramRatios[string]> = {};
  let planMicros = 0;
  let placed = 0;
  for (const load of loads) {
    const pods = load === options.load ? queue : arrivedUntil(queue, load * capacityMilli);
    const members = pods.map((pod, at) => ({ ...pod, key: String(at) }));
    const snapshot = createSnapshot(options.nodes, options.seed);
    const read = createReader(snapshot, countShapes(options.pods));
    const began = options.clock();
    const planner = createPlanner(snapshot, { name: options.policy, typical: countShapes(members) });
    const { place, programMilli, ceilingMilli } = placeOffline(planner, members);
    planMicros = options.clock() - began;
    placed = place.length;
    const { allocated, fragmented } = read();
    allocatedRatio[loadKey(load)] = allocated;
    fragRatio[loadKey(load)] = fragmented;
    const part = (milli: number): number => rounded(milli / Math.max(1, capacityMilli), 6);
    program[loadKey(load)] = { value: part(programMilli), ceiling: part(ceilingMilli) };
  }
  const each = rounded(planMicros / Math.max(1, queue.length), 1);
  const result = {
    policy: options.policy,
    mode: options.mode,
    seed: options.seed,
    nodes: options.nodes.length,
    gpus: options.nodes.reduce((sum, node) => sum + node.gpus.count, 0),
    pods: queue.length,
    allocatedRatio,
    fragRatio,
    decisionMicros: { p50: each, p99: each },
    planMillis: rounded(planMicros / 1000, 1),
    migrations: 0,
    unscheduled: queue.length - placed,
  };
  return { result, program };
}

/** The pods up to the first with which the demand is at least `wanted`. */
function arrivedUntil(queue: readonly TracePod[], wanted: number): readonly TracePod[] {
  let arrived = 0;
  const last = queue.findIndex((pod) => {
    arrived += askedMilli(pod);
    return arrived >= wanted;
  });
  return last < 0 ? queue : queue.slice(0, last + 1);
}
