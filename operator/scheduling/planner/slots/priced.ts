import { type Cut, cutsOf } from './geometry.ts';
import type { NodeCuts, SlotFleet, SlotGeometry, SlotPod, SlotPolicy } from './types.ts';
import { SlotValues } from './values.ts';

/** What was found for one kind of pod by node, each valid for one version of it. */
interface Known {
  readonly found: (NodeCuts | undefined)[];
  readonly version: Uint32Array;
}

/** The slot on which the fleet loses least value. What was found for a node is remembered until it changes. */
export function createPricedSlots(
  fleet: SlotFleet,
  { profiles, memorySlots, computeSlices }: SlotGeometry,
): Pick<SlotPolicy, 'onNode' | 'learn' | 'settle'> {
  const values = new SlotValues(fleet, profiles, memorySlots, computeSlices);
  const cuts = cutsOf(profiles);
  const remembered = new Map<string, Known>();
  let epoch = values.epoch;

  const knownOf = (pod: SlotPod): Known => {
    if (epoch !== values.epoch) remembered.clear();
    epoch = values.epoch;
    const key = `${pod.profile}/${pod.count}/${pod.cpuMilli}`;
    const known = remembered.get(key);
    if (known !== undefined) return known;
    const fresh = { found: [], version: new Uint32Array(fleet.nodes.length).fill(0xffffffff) };
    remembered.set(key, fresh);
    return fresh;
  };
  return {
    learn: (pod) => values.learn(pod),
    settle: () => values.reprice(),
    onNode: (_, node, pod) => {
      const known = knownOf(pod);
      const version = fleet.version[node] as number;
      if (known.version[node] !== version) {
        known.version[node] = version;
        known.found[node] = search(fleet, values, cuts, memorySlots, node, pod);
      }
      return known.found[node];
    },
  };
}

function search(
  fleet: SlotFleet,
  values: SlotValues,
  cuts: readonly (readonly Cut[])[],
  slots: number,
  node: number,
  pod: SlotPod,
): NodeCuts | undefined {
  const cpuLeft = (fleet.cpuFree[node] as number) - pod.cpuMilli;
  if (pod.profile < 0) return { cuts: [], score: Math.floor(values.gain(node, cpuLeft, 0, 0)) };
  const [from, to] = [fleet.from[node] as number, fleet.from[node + 1] as number];
  if (pod.count > 1) {
    const all = (1 << slots) - 1;
    const whole = cuts[pod.profile]?.find(({ start }) => start === 0);
    const gpus = [...fleet.free.subarray(from, to).entries()].flatMap(([at, free]) =>
      free === all ? [from + at] : [],
    );
    if (whole === undefined || gpus.length < pod.count) return undefined;
    const chosen = gpus.slice(0, pod.count).map((gpu) => ({ gpu, cut: whole }));
    return { cuts: chosen, score: Math.floor(values.gainOfWhole(node, cpuLeft, pod.count)) };
  }
  let best: NodeCuts | undefined;
  let most = Number.NEGATIVE_INFINITY;
  const seen = new Set<number>();
  for (let gpu = from; gpu < to; gpu++) {
    const free = fleet.free[gpu] as number;
    if (seen.has(free)) continue;
    seen.add(free);
    for (const cut of cuts[pod.profile] ?? []) {
      if ((cut.mask & free) !== cut.mask) continue;
      const gain = values.gain(node, cpuLeft, free, free ^ cut.mask);
      if (gain <= most) continue;
      most = gain;
      best = { cuts: [{ gpu, cut }], score: Math.floor(gain) };
    }
  }
  return best;
}
