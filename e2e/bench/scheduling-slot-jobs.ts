import {
  createSlotCeiling,
  createSlotFleet,
  createSlotPolicy,
  placeSlots,
  releaseSlots,
  SLOT_POLICIES,
  type SlotGeometry,
  type SlotPlacement,
  type SlotPod,
  type SlotPolicyName,
} from '../../operator/scheduling/planner/index.ts';
import { makeSlotJobs, SLOT_MIXES, type SlotJob, type SlotMix } from '../fleet/slot-jobs.ts';
import { median } from './numbers.ts';

const GPUS = 128;
const JOBS = 8000;
/** The first part of the time is not counted: the fleet fills. */
const WARM_UP = 0.25;
const LOADS = [0.9, 1.1] as const;
const SETTLE_EVERY = 32;

/** One mix under one policy at one load; medians over seeds, in percent. */
export interface SlotJobLine {
  readonly mix: string;
  readonly load: number;
  readonly policy: SlotPolicyName;
  /** Compute slices accepted of those asked for, each for the time that it was asked. */
  readonly accepted: number;
  readonly acceptedMin: number;
  readonly acceptedMax: number;
  /** More than that no policy can accept. */
  readonly ceiling: number;
  /** Requests accepted, alike whatever their size. */
  readonly requests: number;
}

/** Requests for MIG devices that come, stay and go; one that fits nowhere is refused. */
export function slotJobLines(
  geometry: SlotGeometry,
  { seeds, say }: { readonly seeds: readonly number[]; readonly say: (text: string) => void },
): SlotJobLine[] {
  const mixes = Object.keys(SLOT_MIXES) as SlotMix[];
  const compute = geometry.profiles.map((profile) => profile.compute);
  return mixes.flatMap((mix) =>
    LOADS.flatMap((load) => {
      say(`mig with departures ${mix} ${load}\n`);
      const slices = GPUS * geometry.computeSlices;
      const worlds = seeds.map((seed) => makeSlotJobs({ mix, load, slices, compute, count: JOBS, seed }));
      const ceiling = 100 * median(worlds.map((jobs) => ceilingOf(geometry, jobs)));
      return SLOT_POLICIES.map((policy): SlotJobLine => {
        const played = worlds.map((jobs) => play(geometry, jobs, policy, SLOT_MIXES[mix]));
        const accepted = played.map((one) => 100 * one.accepted);
        return {
          mix,
          load,
          policy,
          accepted: median(accepted),
          acceptedMin: Math.min(...accepted),
          acceptedMax: Math.max(...accepted),
          ceiling,
          requests: median(played.map((one) => 100 * one.requests)),
        };
      });
    }),
  );
}

function play(
  geometry: SlotGeometry,
  jobs: readonly SlotJob[],
  name: SlotPolicyName,
  frequencies: readonly number[],
): { readonly accepted: number; readonly requests: number } {
  const node = { cpuMilli: 0, memoryMiB: 0, gpus: 8 };
  const nodes = Array.from({ length: GPUS / node.gpus }, (_, at) => ({ ...node, name: `n${at}` }));
  const fleet = createSlotFleet(nodes, geometry.memorySlots);
  const policy = createSlotPolicy(name, geometry, frequencies, fleet);
  const inWindow = windowOf(jobs);
  let running: { readonly ends: number; readonly pod: SlotPod; readonly placed: SlotPlacement }[] = [];
  let nextEnd = Number.POSITIVE_INFINITY;
  const sums = { asked: 0, got: 0, requests: 0, accepted: 0 };
  for (const [at, { profile, arrives, runs }] of jobs.entries()) {
    if (nextEnd <= arrives) {
      for (const { ends, pod, placed } of running) if (ends <= arrives) releaseSlots(fleet, pod, placed);
      running = running.filter(({ ends }) => ends > arrives);
      nextEnd = Math.min(...running.map(({ ends }) => ends));
    }
    const pod = { cpuMilli: 0, memoryMiB: 0, profile, count: 1 };
    policy.learn(pod);
    if (at % SETTLE_EVERY === 0) policy.settle();
    const placed = placeSlots(fleet, policy, pod);
    if (placed !== undefined) {
      running.push({ ends: arrives + runs, pod, placed });
      nextEnd = Math.min(nextEnd, arrives + runs);
    }
    const work = (geometry.profiles[profile]?.compute ?? 0) * inWindow({ arrives, runs });
    sums.asked += work;
    sums.requests++;
    if (placed === undefined) continue;
    sums.got += work;
    sums.accepted++;
  }
  return { accepted: sums.got / sums.asked, requests: sums.accepted / sums.requests };
}

/** How long a job would run within what is counted: from the end of the warm-up to the last arrival. */
function windowOf(jobs: readonly SlotJob[]): (job: Pick<SlotJob, 'arrives' | 'runs'>) => number {
  const end = jobs.at(-1)?.arrives ?? 0;
  const from = WARM_UP * end;
  return ({ arrives, runs }) => Math.max(0, Math.min(arrives + runs, end) - Math.max(arrives, from));
}

/** GPUs times time is what there is, and requests are counted by how long they would run within it. */
function ceilingOf(geometry: SlotGeometry, jobs: readonly SlotJob[]): number {
  const inWindow = windowOf(jobs);
  const asks = geometry.profiles.map(({ compute }, profile) => ({
    profile,
    gpus: 1,
    count: jobs.reduce((sum, job) => (job.profile === profile ? sum + inWindow(job) : sum), 0),
    worth: compute,
  }));
  const asked = asks.reduce((sum, { count, worth }) => sum + count * worth, 0);
  const time = (1 - WARM_UP) * (jobs.at(-1)?.arrives ?? 0);
  return createSlotCeiling(geometry)(GPUS * time, asks) / asked;
}
