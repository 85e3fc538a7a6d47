import { MIG_MODELS } from '../../operator/pools/mig/index.ts';
import {
  createSlotCeiling,
  createSlotFleet,
  createSlotPolicy,
  freeSets,
  type NodeFacts,
  placeSlots,
  SLOT_POLICIES,
  type SlotGeometry,
  type SlotPod,
  type SlotPolicyName,
  seededRandom,
  shuffled,
} from '../../operator/scheduling/planner/index.ts';
import { arrivals, askedMilli, type TracePod } from '../../operator/scheduling/simulate/index.ts';
import { median } from './numbers.ts';
import type { Data } from './scheduling-data.ts';

/** Arrived demand, as a multiple of the compute slices, at which the fleet is read. */
const SLOT_LOADS = [0.8, 0.9, 1, 1.3] as const;
/** A share of a GPU becomes the smallest profile that holds it; what is larger takes the whole GPU. */
const LARGEST_MILLI = [143, 286, 429, 571, 1000];
const SIZES = ['1g', '2g', '3g', '4g', '7g'] as const;
const SETTLE_EVERY = 64;

/** One list under one policy at one load; medians over seeds, in percent. */
export interface SlotLine {
  readonly list: string;
  /** Arrived demand up to which all of it could be placed, in percent of the slices: what cannot refuse ends about there. */
  readonly placeable: number;
  readonly policy: SlotPolicyName;
  readonly load: string;
  /** Requests for GPUs that were placed; no policy places more than the ceiling. */
  readonly accepted: number;
  readonly ceiling: number;
  readonly acceptedMin: number;
  readonly acceptedMax: number;
  /** Compute slices and memory slots in use. */
  readonly compute: number;
  readonly computeCeiling: number;
  readonly memory: number;
  /** Free memory slots of GPUs that are partly in use, in percent of all slots. */
  readonly stranded: number;
}

/** All GPUs of the lists as seven-slice GPUs, cut on demand, pods one by one. */
export function slotLines(
  data: Data,
  { lists, seeds, say }: { lists: readonly string[]; seeds: readonly number[]; say: (text: string) => void },
): SlotLine[] {
  return lists.flatMap((list) => {
    say(`mig ${list}\n`);
    const pods = data.pods(list);
    const placeable = 100 * median(seeds.map((seed) => placeableLoad(data.nodes, pods, seed)));
    return SLOT_POLICIES.flatMap((policy) => {
      const results = seeds.map((seed) => run(data.nodes, pods, policy, seed));
      return SLOT_LOADS.map((load, at) => {
        const of = (key: keyof Reading): number[] =>
          results.map((readings) => 100 * (readings[at]?.[key] ?? Number.NaN));
        const accepted = of('accepted');
        return {
          list,
          placeable,
          policy,
          load: load.toFixed(1),
          accepted: median(accepted),
          acceptedMin: Math.min(...accepted),
          acceptedMax: Math.max(...accepted),
          ceiling: median(of('ceiling')),
          compute: median(of('compute')),
          computeCeiling: median(of('computeCeiling')),
          memory: median(of('memory')),
          stranded: median(of('stranded')),
        };
      });
    });
  });
}

interface Reading {
  readonly accepted: number;
  readonly ceiling: number;
  readonly compute: number;
  readonly computeCeiling: number;
  readonly memory: number;
  readonly stranded: number;
}

/** A GPU of seven compute slices and eight memory slots with its five plain sizes. */
export function sevenSlices(): SlotGeometry {
  const model = MIG_MODELS.find(({ name }) => name === 'H100-80');
  if (model === undefined) throw new Error('the MIG models lack H100-80');
  const { profiles, memorySlots, computeSlices } = model.geometry;
  const plain = SIZES.flatMap(
    (size) => profiles.find((each) => each.size === size && each.attribute === undefined) ?? [],
  );
  return { memorySlots, computeSlices, profiles: plain };
}

function slotPod(pod: TracePod): SlotPod {
  const gpu = pod.gpus[0];
  const { cpuMilli, memoryMiB } = pod;
  if (gpu === undefined) return { cpuMilli, memoryMiB, profile: -1, count: 0 };
  const profile = LARGEST_MILLI.findIndex((milli) => milli >= (gpu.kind === 'share' ? gpu.milli : 1000));
  return { cpuMilli, memoryMiB, profile, count: gpu.kind === 'share' ? 1 : gpu.count };
}

function run(nodes: readonly NodeFacts[], pods: readonly TracePod[], name: SlotPolicyName, seed: number): Reading[] {
  const shape = sevenSlices();
  const fleet = createSlotFleet(
    shuffled(nodes, seededRandom(seed)).map(({ gpus, ...node }) => ({ ...node, gpus: gpus.count })),
    shape.memorySlots,
  );
  const counts = shape.profiles.map((_, profile) => pods.filter((pod) => slotPod(pod).profile === profile).length);
  const total = counts.reduce((sum, each) => sum + each, 0);
  const policy = createSlotPolicy(
    name,
    shape,
    counts.map((count) => count / total),
    fleet,
  );
  const slices = fleet.free.length * shape.computeSlices;
  const slots = fleet.free.length * shape.memorySlots;
  const full = (1 << shape.memorySlots) - 1;
  const compute = ({ profile, count }: SlotPod): number => (shape.profiles[profile]?.compute ?? 0) * count;
  // The order is that of the other classes; the load counts slices, of which rounded shares need more.
  const queue = arrivals(pods, fleet.free.length * 1000, SLOT_LOADS[SLOT_LOADS.length - 1] ?? 1, seededRandom(seed));
  const readings: Reading[] = [];
  const mostWorth = createSlotCeiling(shape);
  const asked = new Map<string, { readonly profile: number; readonly gpus: number; readonly count: number }>();
  const ceiling = (worth: (profile: number, gpus: number) => number): number =>
    mostWorth(
      fleet.free.length,
      [...asked.values()].map((each) => ({ ...each, worth: worth(each.profile, each.gpus) })),
    );
  const state = { arrived: 0, asked: 0, accepted: 0, compute: 0 };
  for (const [at, tracePod] of queue.entries()) {
    const pod = slotPod(tracePod);
    if (askedMilli(tracePod) > 0) {
      policy.learn(pod);
      const kind = `${pod.profile}/${pod.count}`;
      asked.set(kind, { profile: pod.profile, gpus: pod.count, count: (asked.get(kind)?.count ?? 0) + 1 });
      state.asked++;
    }
    if (at % SETTLE_EVERY === 0) policy.settle();
    if (placeSlots(fleet, policy, pod) !== undefined && pod.profile >= 0) {
      state.accepted++;
      state.compute += compute(pod);
    }
    state.arrived += compute(pod);
    while (readings.length < SLOT_LOADS.length && state.arrived >= (SLOT_LOADS[readings.length] ?? 0) * slices) {
      let free = 0;
      let stranded = 0;
      for (const [set, count] of freeSets(fleet)) {
        const bits = set.toString(2).replaceAll('0', '').length * count;
        free += bits;
        if (set !== full) stranded += bits;
      }
      readings.push({
        accepted: state.accepted / state.asked,
        ceiling: ceiling(() => 1) / state.asked,
        compute: state.compute / slices,
        computeCeiling: ceiling((profile, gpus) => compute({ ...pod, profile, count: gpus })) / slices,
        memory: 1 - free / slots,
        stranded: stranded / slots,
      });
    }
  }
  return readings;
}

/** The largest arrived demand, in slices by those there are, that a linear program over ways to cut GPUs still places. */
function placeableLoad(nodes: readonly NodeFacts[], pods: readonly TracePod[], seed: number): number {
  const shape = sevenSlices();
  const mostWorth = createSlotCeiling(shape);
  const gpus = nodes.reduce((sum, node) => sum + node.gpus.count, 0);
  const queue = arrivals(pods, gpus * 1000, SLOT_LOADS[SLOT_LOADS.length - 1] ?? 1, seededRandom(seed))
    .map(slotPod)
    .filter(({ profile }) => profile >= 0);
  const allPlaced = (length: number): boolean => {
    const asks = new Map<string, { profile: number; gpus: number; count: number; worth: number }>();
    for (const { profile, count } of queue.slice(0, length)) {
      const key = `${profile}/${count}`;
      asks.set(key, { profile, gpus: count, count: (asks.get(key)?.count ?? 0) + 1, worth: 1 });
    }
    return mostWorth(gpus, [...asks.values()]) >= length - 1e-3;
  };
  let placed = 0;
  let refused = queue.length;
  while (refused - placed > 1) {
    const middle = (placed + refused) >> 1;
    if (allPlaced(middle)) placed = middle;
    else refused = middle;
  }
  const slices = queue
    .slice(0, placed)
    .reduce((sum, { profile, count }) => sum + (shape.profiles[profile]?.compute ?? 0) * count, 0);
  return slices / (gpus * shape.computeSlices);
}
