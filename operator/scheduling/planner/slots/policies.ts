import { type Cut, cutsOf, longestRun, slotCount } from './geometry.ts';
import { createPricedSlots } from './priced.ts';
import type { ScoredCut, SlotFleet, SlotGeometry, SlotPolicy } from './types.ts';

/** Names of the ways to choose a slot. */
export const SLOT_POLICIES = ['first-fit', 'largest-free-run', 'fgd', 'gpuopt'] as const;

/** Name of a way to choose a slot. */
export type SlotPolicyName = (typeof SLOT_POLICIES)[number];

/**
 * Makes a policy over a fleet: `first-fit` takes devices in the order of their names, as the stock DRA scheduler does;
 * `largest-free-run` keeps the longest run of free slots on the GPU; `fgd` lets fragmentation grow least, told the true
 * frequencies (by profile); `gpuopt` loses least value at prices that it learns, of slots and of CPU.
 */
export function createSlotPolicy(
  name: SlotPolicyName,
  geometry: SlotGeometry,
  frequencies: readonly number[],
  fleet: SlotFleet,
): SlotPolicy {
  const cuts = cutsOf(geometry.profiles);
  const still = { learn: () => undefined, settle: () => undefined };
  if (name === 'first-fit') return { ...still, best: remembered(cuts, () => 0) };
  if (name === 'largest-free-run') return { ...still, best: remembered(cuts, (_, after) => longestRun(after)) };
  if (name === 'gpuopt') return { ...createPricedSlots(fleet, geometry), best: remembered(cuts, () => 0) };
  const lost = Float64Array.from({ length: 1 << geometry.memorySlots }, (_, free) =>
    fragmented(free, cuts, frequencies, geometry.memorySlots),
  );
  const score = (free: number, after: number): number =>
    Math.floor(100 / (1 + Math.exp((lost[after] as number) - (lost[free] as number))));
  return { ...still, best: remembered(cuts, score) };
}

/** The best cut by profile and free set; `score` is asked once for each. */
function remembered(
  cuts: readonly (readonly Cut[])[],
  score: (free: number, after: number) => number,
): SlotPolicy['best'] {
  const known: (ScoredCut | null | undefined)[][] = cuts.map(() => []);
  return (profile, free) => {
    const row = known[profile] ?? [];
    let found = row[free];
    if (found !== undefined) return found;
    found = null;
    for (const cut of cuts[profile] ?? []) {
      if ((cut.mask & free) !== cut.mask) continue;
      const each = score(free, free ^ cut.mask);
      if (found === null || each > found.score) found = { cut, score: each };
    }
    row[free] = found;
    return found;
  };
}

/** Idle part of a GPU that profiles cannot use, weighted by how frequent they are. */
function fragmented(
  free: number,
  cuts: readonly (readonly Cut[])[],
  frequencies: readonly number[],
  slots: number,
): number {
  const idle = slotCount(free) / slots;
  return cuts.reduce((sum, each, profile) => {
    const fits = each.some(({ mask }) => (mask & free) === mask);
    return fits ? sum : sum + idle * (frequencies[profile] ?? 0);
  }, 0);
}
