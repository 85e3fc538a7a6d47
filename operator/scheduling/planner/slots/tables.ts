import { STEP } from '../priced/classes.ts';
import type { Priced } from '../priced/prices.ts';
import { type Cut, cutsOf, type SlotProfile } from './geometry.ts';

/** Chance that a taken slot comes free while it matters, and the weight of the worth after that. */
const ENDS = 0.3;
const HOPE = 0.05;

/** Pods of one profile, or of several whole GPUs, that ask for the same CPU. */
export interface SlotShape extends Priced {
  readonly cpuMilli: number;
  readonly profile: number;
  /** GPUs; more than one only for whole ones. */
  readonly gpus: number;
  count: number;
}

/** How a GPU may be cut, ready for the recurrences. */
export interface Cutting {
  readonly slots: number;
  /** Cuts that start at a slot. */
  readonly byStart: readonly (readonly Cut[])[];
  readonly profiles: number;
}

/** What free slots and whole GPUs are worth under one price of CPU, and the CPU of what is expected to fill them. */
export interface SlotTable {
  readonly worth: Float64Array;
  /** The same with a part for what pods that end may add, see `addHope`: what slots are chosen by. */
  readonly hoped: Float64Array;
  readonly cpu: Float64Array;
  /** e^(worth / STEP), and by profile the weight of its shapes and their mean CPU. */
  readonly sums: Float64Array;
  readonly weights: Float64Array;
  readonly weightCpu: Float64Array;
  /** Whole GPUs, by how many. */
  readonly whole: Float64Array;
  readonly wholeCpu: Float64Array;
}

/** The cutting of a GPU with these profiles. */
export function createCutting(profiles: readonly SlotProfile[], slots: number): Cutting {
  const cuts = cutsOf(profiles).flat();
  const byStart = Array.from({ length: slots }, (_, start) => cuts.filter((cut) => cut.start === start));
  return { slots, byStart, profiles: profiles.length };
}

/** Room for a table of nodes with at most so many GPUs. */
export function createSlotTable({ slots, profiles }: Cutting, mostGpus: number): SlotTable {
  return {
    worth: new Float64Array(1 << slots),
    hoped: new Float64Array(1 << slots),
    cpu: new Float64Array(1 << slots),
    sums: new Float64Array(1 << slots),
    weights: new Float64Array(profiles),
    weightCpu: new Float64Array(profiles),
    whole: new Float64Array(mostGpus + 1),
    wholeCpu: new Float64Array(mostGpus + 1),
  };
}

/**
 * The soft maximum over all ways to cut what is free. Each way is met once: its lowest free slot either stays free or is
 * the start of a cut, E(free) = E(free without it) + Σ E(free without the cut)·weight(profile). Whole GPUs are cut one
 * by one or given to a pod that takes several.
 */
export function fillSlotTable(table: SlotTable, cutting: Cutting, shapes: readonly SlotShape[], lambda: number): void {
  const { worth, cpu, sums, weights, weightCpu } = table;
  weights.fill(0);
  weightCpu.fill(0);
  for (const { profile, gpus, price, cpuMilli } of shapes) {
    if (gpus > 1) continue;
    const weight = Math.exp((price - lambda * cpuMilli) / STEP);
    weights[profile] = (weights[profile] as number) + weight;
    weightCpu[profile] = (weightCpu[profile] as number) + weight * cpuMilli;
  }
  sums[0] = 1;
  for (let free = 1; free < sums.length; free++) {
    const without = free & (free - 1);
    let sum = sums[without] as number;
    let used = sum * (cpu[without] as number);
    for (const { profile, mask } of cutting.byStart[lowestSlot(free)] as readonly Cut[]) {
      if ((mask & free) !== mask) continue;
      const rest = sums[free ^ mask] as number;
      sum += rest * (weights[profile] as number);
      used += rest * ((weights[profile] as number) * (cpu[free ^ mask] as number) + (weightCpu[profile] as number));
    }
    sums[free] = sum;
    cpu[free] = used / sum;
    worth[free] = STEP * Math.log(sum);
  }
  addHope(table, cutting.slots);
  fillWhole(table, shapes, lambda);
}

/**
 * What a GPU is worth when each slot that is taken comes free with the chance ENDS, independently. Without it a run of
 * slots that one pod broke would be worth no more than single slots, and would be broken again and again.
 */
function addHope({ worth, hoped }: SlotTable, slots: number): void {
  hoped.set(worth);
  for (let slot = 0; slot < slots; slot++) {
    const bit = 1 << slot;
    for (let free = 0; free < hoped.length; free++) {
      if ((free & bit) === 0) hoped[free] = (1 - ENDS) * (hoped[free] as number) + ENDS * (hoped[free | bit] as number);
    }
  }
  for (let free = 0; free < hoped.length; free++) {
    hoped[free] = (1 - HOPE) * (worth[free] as number) + HOPE * (hoped[free] as number);
  }
}

function fillWhole({ worth, cpu, whole, wholeCpu }: SlotTable, shapes: readonly SlotShape[], lambda: number): void {
  const full = worth.length - 1;
  const several = shapes.filter(({ gpus }) => gpus > 1);
  for (let free = 1; free < whole.length; free++) {
    const alone = (whole[free - 1] as number) + (worth[full] as number);
    const ways = several.filter(({ gpus }) => gpus <= free);
    const won = ways.map(({ gpus, price, cpuMilli }) => (whole[free - gpus] as number) + price - lambda * cpuMilli);
    const top = Math.max(alone, ...won);
    let sum = Math.exp((alone - top) / STEP);
    let used = sum * ((wholeCpu[free - 1] as number) + (cpu[full] as number));
    for (const [at, { gpus, cpuMilli }] of ways.entries()) {
      const each = Math.exp(((won[at] as number) - top) / STEP);
      sum += each;
      used += each * ((wholeCpu[free - gpus] as number) + cpuMilli);
    }
    whole[free] = top + STEP * Math.log(sum);
    wholeCpu[free] = used / sum;
  }
}

/** Adds to `used` (by shape) the pods expected in the occurring sets of free slots and whole GPUs, which it empties. */
export function spreadSlots(
  table: SlotTable,
  cutting: Cutting,
  shapes: readonly SlotShape[],
  lambda: number,
  occurring: { readonly sets: Float64Array; readonly whole: Float64Array },
  used: Float64Array,
): void {
  const { worth, sums, weights, whole } = table;
  const full = worth.length - 1;
  for (let free = whole.length - 1; free > 0; free--) {
    const share = occurring.whole[free] as number;
    occurring.whole[free] = 0;
    if (share === 0) continue;
    const step = (rest: number, won: number): number => {
      const each = share * Math.exp(((whole[rest] as number) + won - (whole[free] as number)) / STEP);
      occurring.whole[rest] = (occurring.whole[rest] as number) + each;
      return each;
    };
    occurring.sets[full] = (occurring.sets[full] as number) + step(free - 1, worth[full] as number);
    for (const { index, gpus, price, cpuMilli } of shapes) {
      if (gpus < 2 || gpus > free) continue;
      used[index] = (used[index] as number) + step(free - gpus, price - lambda * cpuMilli);
    }
  }
  occurring.whole[0] = 0;
  const byProfile = new Float64Array(cutting.profiles);
  for (let free = full; free > 0; free--) {
    const share = (occurring.sets[free] as number) / (sums[free] as number);
    occurring.sets[free] = 0;
    if (share === 0) continue;
    const without = free & (free - 1);
    occurring.sets[without] = (occurring.sets[without] as number) + share * (sums[without] as number);
    for (const { profile, mask } of cutting.byStart[lowestSlot(free)] as readonly Cut[]) {
      if ((mask & free) !== mask) continue;
      const each = share * (sums[free ^ mask] as number);
      occurring.sets[free ^ mask] = (occurring.sets[free ^ mask] as number) + each * (weights[profile] as number);
      byProfile[profile] = (byProfile[profile] as number) + each;
    }
  }
  occurring.sets[0] = 0;
  for (const { index, profile, gpus, price, cpuMilli } of shapes) {
    if (gpus > 1) continue;
    const weight = Math.exp((price - lambda * cpuMilli) / STEP);
    used[index] = (used[index] as number) + (byProfile[profile] as number) * weight;
  }
}

function lowestSlot(free: number): number {
  return 31 - Math.clz32(free & -free);
}
