/** One way to cut a GPU: how many memory slots it takes, where it may start, and its compute slices. */
export interface SlotProfile {
  readonly compute: number;
  readonly memorySlots: number;
  readonly starts: readonly number[];
}

/** A profile at one start, as the set of slots it takes (bit s is slot s). */
export interface Cut {
  readonly profile: number;
  readonly start: number;
  readonly mask: number;
}

/** All cuts of a GPU, by profile and then by start, ascending. */
export function cutsOf(profiles: readonly SlotProfile[]): readonly (readonly Cut[])[] {
  return profiles.map(({ memorySlots, starts }, profile) =>
    [...starts]
      .sort((left, right) => left - right)
      .map((start) => ({ profile, start, mask: ((1 << memorySlots) - 1) << start })),
  );
}

/** Slots in a set. */
export function slotCount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** Longest run of neighbouring slots in a set. */
export function longestRun(mask: number): number {
  let run = 0;
  for (let rest = mask; rest !== 0; rest &= rest << 1) run++;
  return run;
}
