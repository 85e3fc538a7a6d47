import {
  learnArrival,
  type Member,
  type Placement,
  type Planner,
  placeMember,
  placeWindow,
  planMoves,
  type Random,
} from '../planner/index.ts';

/** The classes of planner that can be simulated. They are never compared with each other. */
export const MODE_NAMES = ['online', 'window', 'migrate', 'offline'] as const;

/** Name of a class of planner. */
export type ModeName = (typeof MODE_NAMES)[number];

/** Pods of a window unless the caller says how many. */
export const DEFAULT_WINDOW = 64;
/** In mode migrate moves are looked for after every so many pods. */
const MOVES_EVERY = 128;
/** One move for so many placed pods. */
const PLACED_PER_MOVE = 100;
/** A move must gain a twentieth of a GPU beyond its price. */
const LEAST_GAIN_MILLI = 50;
/**
 * A list has no clock: an arrival counts as a minute, and a pod loses all minutes since it was placed. One costs what a
 * GPU earns in it, spread over a year for which the gain lasts.
 */
const MILLI_PER_POD_MINUTE = 1000 / (365 * 24 * 60);
/** Pods that arrive together share a disruption budget that allows one disruption at a time. */
const PODS_OF_BUDGET = 10;

/** How a class takes the pods: some at a time, each counted as learned once. */
export interface Mode {
  /** Pods that are seen at once. */
  readonly portion: number;
  readonly place: (members: readonly Member[]) => readonly Placement[];
  /** Moves so far. */
  readonly moves: () => number;
}

/** A class of planner over a planner that lives on; the offline class has no such planner, see offline.ts. */
export function createMode(name: Exclude<ModeName, 'offline'>, planner: Planner, window: number, random: Random): Mode {
  const learn = (members: readonly Member[]): void => {
    for (const member of members) learnArrival(planner, member);
  };
  const oneByOne = (members: readonly Member[]): Placement[] =>
    members.flatMap((member) => {
      learn([member]);
      return placeMember(planner, member.key, member) ?? [];
    });
  if (name === 'online') return { portion: 1, place: oneByOne, moves: () => 0 };
  if (name === 'window') {
    const place = (members: readonly Member[]): readonly Placement[] => {
      learn(members);
      return placeWindow(planner, members, random);
    };
    return { portion: window, place, moves: () => 0 };
  }
  return migrating(planner, oneByOne);
}

/** Pods one by one, and moves in between, each with its price and within disruption budgets. */
function migrating(planner: Planner, oneByOne: (members: readonly Member[]) => Placement[]): Mode {
  const placedAt = new Map<string, { readonly member: Member; readonly since: number; readonly budget: string }>();
  let seen = 0;
  let moved = 0;
  const place = (arrived: readonly Member[]): readonly Placement[] => {
    const placed = oneByOne(arrived);
    for (const { member } of placed) {
      const one = arrived.find(({ key }) => key === member);
      if (one === undefined || one.gpus.length === 0) continue;
      const budget = `b${Math.floor(seen / PODS_OF_BUDGET)}`;
      placedAt.set(member, { member: one, since: seen, budget });
    }
    seen += arrived.length;
    if (seen % MOVES_EVERY !== 0) return placed;
    const moves = planMoves(planner, {
      residents: [...placedAt.values()].map(({ member, since, budget }) => ({
        member,
        podMinutes: seen - since,
        budget,
      })),
      maxMoves: Math.floor(planner.snapshot.taken.size / PLACED_PER_MOVE) - moved,
      minGainMilli: LEAST_GAIN_MILLI,
      milliPerPodMinute: MILLI_PER_POD_MINUTE,
      disruptionsAllowed: new Map([...placedAt.values()].map(({ budget }) => [budget, 1])),
    });
    for (const { member } of moves) {
      const before = placedAt.get(member);
      if (before !== undefined) placedAt.set(member, { ...before, since: seen });
    }
    moved += moves.length;
    return placed;
  };
  return { portion: 1, place, moves: () => moved };
}
