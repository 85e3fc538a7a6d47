import type { Cut } from './geometry.ts';
import { slotCount } from './geometry.ts';
import type { NodeCuts, ScoredCut, SlotFleet, SlotNode, SlotPod, SlotPolicy } from './types.ts';

/** Where a pod went. */
export interface SlotPlacement {
  readonly node: number;
  readonly cuts: readonly { readonly gpu: number; readonly cut: Cut }[];
}

/** An empty fleet; ties go to the first node in this order. */
export function createSlotFleet(nodes: readonly SlotNode[], slots: number): SlotFleet {
  const from = new Int32Array(nodes.length + 1);
  for (const [at, { gpus }] of nodes.entries()) from[at + 1] = (from[at] as number) + gpus;
  return {
    nodes,
    cpuFree: Float64Array.from(nodes, ({ cpuMilli }) => cpuMilli),
    memoryFree: Float64Array.from(nodes, ({ memoryMiB }) => memoryMiB),
    free: new Int32Array(from[nodes.length] as number).fill((1 << slots) - 1),
    from,
    version: new Uint32Array(nodes.length),
  };
}

/** Places a pod on the best slot, or returns undefined with nothing changed when it fits nowhere. */
export function placeSlots(fleet: SlotFleet, policy: SlotPolicy, pod: SlotPod): SlotPlacement | undefined {
  let best: SlotPlacement | undefined;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let node = 0; node < fleet.nodes.length; node++) {
    if ((fleet.cpuFree[node] as number) < pod.cpuMilli || (fleet.memoryFree[node] as number) < pod.memoryMiB) continue;
    const found = bestOfNode(fleet, policy, pod, node);
    if (found === undefined || found.score <= bestScore) continue;
    best = { node, cuts: found.cuts };
    bestScore = found.score;
  }
  if (best !== undefined) change(fleet, pod, best, -1);
  return best;
}

/** Gives back what a pod took. */
export function releaseSlots(fleet: SlotFleet, pod: SlotPod, placement: SlotPlacement): void {
  change(fleet, pod, placement, 1);
}

/** How many GPUs have each set of slots free. */
export function freeSets({ free }: SlotFleet): ReadonlyMap<number, number> {
  const sets = new Map<number, number>();
  for (const each of free) sets.set(each, (sets.get(each) ?? 0) + 1);
  return sets;
}

/** Slots that are free in all. */
export function freeSlots({ free }: SlotFleet): number {
  return free.reduce((sum, each) => sum + slotCount(each), 0);
}

function bestOfNode(fleet: SlotFleet, policy: SlotPolicy, pod: SlotPod, node: number): NodeCuts | undefined {
  if (policy.onNode !== undefined) return policy.onNode(fleet, node, pod);
  if (pod.profile < 0) return { cuts: [], score: 0 };
  return pod.count === 1 ? bestSlot(fleet, policy, pod, node) : bestSlots(fleet, policy, pod, node);
}

function bestSlot(fleet: SlotFleet, policy: SlotPolicy, pod: SlotPod, node: number): NodeCuts | undefined {
  let at = -1;
  let best: ScoredCut | undefined;
  for (let gpu = fleet.from[node] as number; gpu < (fleet.from[node + 1] as number); gpu++) {
    const found = policy.best(pod.profile, fleet.free[gpu] as number);
    if (found === null || (best !== undefined && found.score <= best.score)) continue;
    at = gpu;
    best = found;
  }
  return best === undefined ? undefined : { cuts: [{ gpu: at, cut: best.cut }], score: best.score };
}

function bestSlots(fleet: SlotFleet, policy: SlotPolicy, pod: SlotPod, node: number): NodeCuts | undefined {
  const found: { gpu: number; cut: Cut; score: number }[] = [];
  for (let gpu = fleet.from[node] as number; gpu < (fleet.from[node + 1] as number); gpu++) {
    const best = policy.best(pod.profile, fleet.free[gpu] as number);
    if (best !== null) found.push({ gpu, ...best });
  }
  if (found.length < pod.count) return undefined;
  const chosen = found.sort((left, right) => right.score - left.score).slice(0, pod.count);
  return { cuts: chosen, score: chosen.reduce((sum, { score }) => sum + score, 0) };
}

function change(fleet: SlotFleet, pod: SlotPod, { node, cuts }: SlotPlacement, sign: 1 | -1): void {
  fleet.version[node] = (fleet.version[node] as number) + 1;
  fleet.cpuFree[node] = (fleet.cpuFree[node] as number) + sign * pod.cpuMilli;
  fleet.memoryFree[node] = (fleet.memoryFree[node] as number) + sign * pod.memoryMiB;
  for (const { gpu, cut } of cuts) fleet.free[gpu] = (fleet.free[gpu] as number) ^ cut.mask;
}
