import { Program } from '../offline/simplex.ts';
import { cutsOf } from './geometry.ts';
import type { SlotGeometry } from './types.ts';

/** Requests of one kind: how many there are and what one is worth in the measure that is bounded. */
export interface SlotAsk {
  readonly profile: number;
  /** Whole GPUs of one request; 1 for one device. */
  readonly gpus: number;
  readonly count: number;
  readonly worth: number;
}

const MOST_PIVOTS = 10_000;

/**
 * The most worth that requests can get on so many GPUs, however GPUs are cut: a linear program over all ways to cut one.
 * CPU, memory and nodes are left out, so no policy exceeds it.
 */
export function createSlotCeiling(geometry: SlotGeometry): (gpus: number, asks: readonly SlotAsk[]) => number {
  const ways = waysToCut(geometry);
  return (gpus, asks) => mostWorth(ways, gpus, asks);
}

function mostWorth(ways: readonly (readonly number[])[], gpus: number, asks: readonly SlotAsk[]): number {
  const program = new Program([...asks.map(({ count }) => count), gpus]);
  const last = asks.length;
  for (const [row, { gpus: several, worth }] of asks.entries()) {
    if (several > 1) program.add({ rows: [row, last], amounts: [1, several], profit: worth });
  }
  // Profiles of single devices by the row of their requests: one row each.
  const rowOf = new Map(
    asks.flatMap(({ profile, gpus: several }, row) => (several === 1 ? [[profile, row] as const] : [])),
  );
  for (const counts of ways) {
    const used = counts.flatMap((amount, profile) => {
      const row = rowOf.get(profile);
      return amount === 0 || row === undefined ? [] : [{ row, amount }];
    });
    if (used.length === 0) continue;
    program.add({
      rows: [...used.map(({ row }) => row), last],
      amounts: [...used.map(({ amount }) => amount), 1],
      profit: used.reduce((sum, { row, amount }) => sum + amount * (asks[row]?.worth ?? 0), 0),
    });
  }
  program.solve(MOST_PIVOTS);
  return program.profit();
}

/** Every multiset of profiles that fits one GPU, as counts by profile. */
function waysToCut({ profiles, memorySlots }: SlotGeometry): readonly (readonly number[])[] {
  const cuts = cutsOf(profiles).flat();
  const found = new Map<string, readonly number[]>();
  const grow = (from: number, free: number, counts: readonly number[]): void => {
    found.set(counts.join(), counts);
    for (let at = from; at < cuts.length; at++) {
      const cut = cuts[at];
      if (cut === undefined || (cut.mask & free) !== cut.mask) continue;
      const more = counts.map((count, profile) => (profile === cut.profile ? count + 1 : count));
      grow(at + 1, free ^ cut.mask, more);
    }
  };
  grow(
    0,
    (1 << memorySlots) - 1,
    profiles.map(() => 0),
  );
  return [...found.values()];
}
