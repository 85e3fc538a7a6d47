import { seededRandom } from '../../operator/scheduling/planner/index.ts';

/** Requests for MIG devices that come and go. */
export interface SlotJob {
  readonly profile: number;
  readonly arrives: number;
  readonly runs: number;
}

/** Parts of the requests by profile: 1g, 2g, 3g, 4g, 7g. */
export const SLOT_MIXES = {
  /** Mostly small ones, a few that need a large run of slots. */
  small: [0.55, 0.2, 0.12, 0.08, 0.05],
  /** All alike. */
  even: [0.2, 0.2, 0.2, 0.2, 0.2],
  /** 1g, and 4g that only start at slot 0. */
  clash: [0.6, 0, 0, 0.4, 0],
  /** Halves and what fits beside them. */
  halves: [0.3, 0.1, 0.35, 0.25, 0],
} as const;

/** Name of a mix. */
export type SlotMix = keyof typeof SLOT_MIXES;

/** What is asked for. */
export interface SlotJobOptions {
  readonly mix: SlotMix;
  /** Compute slices asked for at a time on average, by those there are. */
  readonly load: number;
  readonly slices: number;
  /** Compute slices of the profiles. */
  readonly compute: readonly number[];
  readonly count: number;
  readonly seed: number;
}

/** Seeded requests: they come at random (Poisson) and stay for a random time (exponential, 1 on average). */
export function makeSlotJobs({ mix, load, slices, compute, count, seed }: SlotJobOptions): readonly SlotJob[] {
  const random = seededRandom(seed);
  const parts: readonly number[] = SLOT_MIXES[mix];
  const mean = parts.reduce((sum, part, profile) => sum + part * (compute[profile] ?? 0), 0);
  const rate = (load * slices) / mean;
  const exponential = (): number => -Math.log(1 - random());
  let now = 0;
  return Array.from({ length: count }, () => {
    now += exponential() / rate;
    let left = random();
    const profile = parts.findIndex((part) => {
      left -= part;
      return left < 0;
    });
    return { profile: Math.max(0, profile), arrives: now, runs: exponential() };
  });
}
