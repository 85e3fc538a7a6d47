import { STEP } from '../priced/classes.ts';
import { movePrices, type Priced, ROUNDS } from '../priced/prices.ts';
import { type Cut, cutsOf, type SlotProfile, slotCount } from './geometry.ts';

/** What each set of free slots of a GPU is worth, at prices learned from arrivals. */
export interface SlotValues {
  readonly worth: Float64Array;
  readonly shapes: readonly Priced[];
  /** Cuts that start at a slot. */
  readonly byStart: readonly (readonly Cut[])[];
  readonly sums: Float64Array;
}

/** Values of a GPU of `slots` slots before anything is known: a profile is worth what it takes. */
export function createSlotValues(profiles: readonly SlotProfile[], slots: number, compute: number): SlotValues {
  const cuts = cutsOf(profiles).flat();
  const values: SlotValues = {
    worth: new Float64Array(1 << slots),
    shapes: profiles.map((profile, index) => {
      const gpuMilli = 1000 * Math.max(profile.compute / compute, profile.memorySlots / slots);
      return { index, gpuMilli, count: 0, price: gpuMilli };
    }),
    byStart: Array.from({ length: slots }, (_, start) => cuts.filter((cut) => cut.start === start)),
    sums: new Float64Array(1 << slots),
  };
  fill(values);
  return values;
}

/**
 * The soft maximum over all ways to cut what is free. Each way is met once: its lowest free slot either stays free or is
 * the start of a cut, E(free) = E(free without it) + Σ E(free without the cut)·e^(price / STEP).
 */
function fill({ worth, shapes, byStart, sums }: SlotValues): void {
  const weights = weightsOf(shapes);
  sums[0] = 1;
  for (let free = 1; free < sums.length; free++) {
    let sum = sums[free & (free - 1)] as number;
    for (const { profile, mask } of byStart[lowestSlot(free)] ?? []) {
      if ((mask & free) === mask) sum += (sums[free ^ mask] as number) * (weights[profile] as number);
    }
    sums[free] = sum;
    worth[free] = STEP * Math.log(sum);
  }
}

/** Profiles that nobody asked for yet are worth nothing. */
function weightsOf(shapes: readonly Priced[]): Float64Array {
  return Float64Array.from(shapes, ({ count, price }) => (count === 0 ? 0 : Math.exp(price / STEP)));
}

function lowestSlot(free: number): number {
  return 31 - Math.clz32(free & -free);
}

/** Learns of a profile that was asked for. */
export function learnProfile(values: SlotValues, profile: number, count = 1): void {
  const shape = values.shapes[profile];
  if (shape !== undefined) shape.count += count;
}

/** One cycle of new prices, so that the soft best cut of what is free serves all profiles in proportion to demand. */
export function repriceSlots(values: SlotValues, gpus: ReadonlyMap<number, number>): void {
  const shapes = values.shapes.filter(({ count }) => count > 0);
  const demand = shapes.reduce((sum, { count, gpuMilli }) => sum + count * gpuMilli, 0);
  const slots = values.byStart.length;
  let idle = 0;
  for (const [free, count] of gpus) idle += (1000 * count * slotCount(free)) / slots;
  if (demand === 0 || idle === 0) return;
  for (let round = 0; round < ROUNDS; round++) {
    movePrices(shapes, served(values, gpus), idle / demand, round);
    fill(values);
  }
}

function served({ shapes, byStart, sums }: SlotValues, gpus: ReadonlyMap<number, number>): Float64Array {
  const weights = weightsOf(shapes);
  const occurring = new Float64Array(sums.length);
  for (const [free, count] of gpus) occurring[free] = count;
  const used = new Float64Array(shapes.length);
  for (let free = sums.length - 1; free > 0; free--) {
    const share = (occurring[free] as number) / (sums[free] as number);
    if (share === 0) continue;
    const without = free & (free - 1);
    occurring[without] = (occurring[without] as number) + share * (sums[without] as number);
    for (const { profile, mask } of byStart[lowestSlot(free)] ?? []) {
      if ((mask & free) !== mask) continue;
      const each = share * (sums[free ^ mask] as number) * (weights[profile] as number);
      occurring[free ^ mask] = (occurring[free ^ mask] as number) + each;
      used[profile] = (used[profile] as number) + each;
    }
  }
  return used;
}
