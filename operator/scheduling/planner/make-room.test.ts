import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comeBack, type Movable } from './clearing.ts';
import { hold, release } from './hold.ts';
import { makeRoom, type RoomRequest } from './make-room.ts';
import { createPlanner, type Planner } from './place.ts';
import { BEST_FIT, testGang, testNode, testPod } from './planner.fixture.ts';
import { createSnapshot } from './snapshot.ts';
import type { Booking, Gang, Member } from './types.ts';

interface Resident {
  readonly key: string;
  readonly node: string;
  readonly gpus: number;
  readonly minutes?: number;
  readonly priority?: number;
  readonly budget?: string;
  readonly fixed?: true;
  readonly over?: Partial<Member>;
}

interface World {
  readonly planner: Planner;
  readonly movable: readonly Movable[];
}

/** Nodes of eight GPUs in the pool main, and d in another. */
function world(residents: readonly Resident[], nodes: readonly string[] = ['a', 'b', 'c']): World {
  const facts = nodes.map((name) => testNode(name, { pool: name === 'd' ? 'other' : 'main' }));
  const planner = createPlanner(createSnapshot(facts), BEST_FIT);
  const movable = residents.flatMap((one): Movable[] => {
    const member = testPod(one.key, one.gpus, one.over);
    const holding = { ...member, node: one.node, tenant: 't' };
    hold(planner.snapshot, holding);
    if (one.fixed === true) return [];
    const { minutes = 10, priority = 0, budget } = one;
    return [{ holding, member, priority, podMinutes: minutes, ...(budget !== undefined && { budget }) }];
  });
  return { planner, movable };
}

function request(movable: readonly Movable[], over: Partial<RoomRequest> = {}): RoomRequest {
  return {
    ...{ pool: 'main', movable, maxMoves: 20, minGpusPerPodHour: 0, quotas: [], disruptionsAllowed: new Map() },
    ...over,
  };
}

const eight = testGang('big', [testPod('big', 8)]);
const four = { gpus: 4 } as const;

interface Row {
  readonly name: string;
  readonly residents: readonly Resident[];
  readonly gang?: Gang;
  readonly over?: Partial<RoomRequest>;
  readonly nodes?: readonly string[];
  /** pod → node, or undefined where nothing is to be moved. */
  readonly moves?: Readonly<Record<string, string>>;
}

const halves: readonly Resident[] = [
  { key: 'x', node: 'a', ...four, minutes: 30 },
  { key: 'y', node: 'b', ...four, minutes: 20 },
  { key: 'z', node: 'c', ...four, minutes: 40, fixed: true },
];

const booking: Booking = {
  ...{ name: 'night', pool: 'main', tenant: 'u', milli: 5000, start: 1000, end: 2000, preemptible: false },
};
const tenancy = {
  ...{ now: 0, usage: [], weights: new Map(), reclaims: new Set<string>(), fixed: new Set<string>() },
  ends: new Map([['y', 500]]),
};

const rows: readonly Row[] = [
  { name: 'moves the cheapest', residents: halves, moves: { y: 'a' } },
  {
    name: 'moves as few as it can',
    residents: [
      { key: 'x', node: 'a', gpus: 1, minutes: 1 },
      { key: 'y', node: 'a', gpus: 4, minutes: 2 },
      { key: 'z', node: 'b', gpus: 4, fixed: true },
    ],
    gang: testGang('big', [testPod('big', 7)]),
    nodes: ['a', 'b'],
    moves: { y: 'b' },
  },
  {
    name: 'clears several nodes for a gang',
    residents: [
      { key: 'x', node: 'a', gpus: 2 },
      { key: 'y', node: 'b', gpus: 2 },
      { key: 'z', node: 'c', gpus: 4, fixed: true },
    ],
    gang: testGang('pair', [testPod('p0', 8), testPod('p1', 8)]),
    moves: { x: 'c', y: 'c' },
  },
  { name: 'moves none where the gang fits', residents: halves.slice(0, 2) },
  { name: 'moves none where they find no other place', residents: halves, nodes: ['a'] },
  { name: 'moves none into another pool', residents: halves.slice(0, 1), nodes: ['a', 'd'], gang: confined('a') },
  { name: 'moves no more than it may', residents: halves, over: { maxMoves: 0 } },
  { name: 'moves none above the price', residents: halves, over: { minGpusPerPodHour: 25 } },
  { name: 'moves at the price', residents: halves, over: { minGpusPerPodHour: 24 }, moves: { y: 'a' } },
  {
    name: 'leaves those with a higher priority',
    residents: halves.map((one) => ({ ...one, priority: one.key === 'y' ? 1 : 0 })),
    moves: { x: 'b' },
  },
  {
    name: 'leaves those that a PodDisruptionBudget keeps',
    residents: halves.map((one) => ({ ...one, ...(one.key === 'y' && { budget: 'ns/web' }) })),
    moves: { x: 'b' },
  },
  {
    name: 'counts what a PodDisruptionBudget allows',
    residents: [
      { key: 'x', node: 'a', gpus: 2, budget: 'ns/web' },
      { key: 'y', node: 'a', gpus: 2, budget: 'ns/web' },
      { key: 'z', node: 'b', gpus: 4, fixed: true },
    ],
    nodes: ['a', 'b'],
    over: { disruptionsAllowed: new Map([['ns/web', 1]]) },
  },
  {
    name: 'moves only to where a pod may run',
    residents: halves.map((one) => ({ ...one, over: { where: { names: ['b', 'c'] } } })),
    moves: { y: 'c' },
  },
  {
    name: 'moves none whose tenant may not have it again',
    residents: halves,
    over: { quotas: [{ tenant: 't', pool: 'main', limitMilli: 8000 }] },
  },
  {
    name: 'moves none for a gang whose tenant has no right to the room',
    residents: halves,
    gang: { ...eight, tenant: 'u' },
    over: { quotas: [{ tenant: 'u', pool: 'main', limitMilli: 4000 }] },
  },
  {
    name: 'does not delay a reservation',
    residents: halves,
    over: { tenancy: { ...tenancy, bookings: [booking] } },
  },
  {
    name: 'moves where a reservation has room enough',
    residents: halves,
    over: { tenancy: { ...tenancy, bookings: [{ ...booking, milli: 4000 }] } },
    moves: { y: 'a' },
  },
];

function confined(name: string): Gang {
  return testGang('big', [testPod('big', 8, { where: { names: [name] } })]);
}

describe('room by moves', () => {
  it.each(rows)('$name', ({ residents, nodes, gang = eight, over, moves }) => {
    const { planner, movable } = world(residents, nodes);
    const before = structuredClone({ gpus: planner.snapshot.gpuFree, keys: [...planner.snapshot.taken.keys()].sort() });
    const made = makeRoom(planner, gang, request(movable, over));
    if (moves === undefined) {
      expect(made).toBeUndefined();
      expect({ gpus: planner.snapshot.gpuFree, keys: [...planner.snapshot.taken.keys()].sort() }).toEqual(before);
      return;
    }
    expect(Object.fromEntries(made?.moves.map(({ movable: { member }, to }) => [member.key, to]) ?? [])).toEqual(moves);
    expect(made?.place.map(({ member }) => member).sort()).toEqual(gang.members.map(({ key }) => key).sort());
    expect([...planner.snapshot.cpuFree, ...planner.snapshot.gpuFree].every((free) => free >= 0)).toBe(true);
    const { members } = gang;
    for (const { key } of members) release(planner.snapshot, key);
    for (const { movable: one } of made?.moves ?? []) {
      release(planner.snapshot, one.holding.key);
      comeBack(planner.snapshot, one, undefined);
    }
    expect([...planner.snapshot.taken.keys()].sort()).toEqual(before.keys);
  });

  it('whatever runs: a gang that found none finds room, nothing is overcommitted, and who is not moved stays', () => {
    const resident = fc.record({
      at: fc.integer({ min: 0, max: 4 }),
      gpus: fc.integer({ min: 1, max: 4 }),
      minutes: fc.integer({ min: 0, max: 99 }),
    });
    const gangs = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 3 });
    let moved = 0;
    fc.assert(
      fc.property(fc.array(resident, { maxLength: 14 }), gangs, (drafts, sizes) => {
        const free = [8, 8, 8, 8, 8];
        const fitting = drafts.flatMap(({ at, gpus, minutes }, index): Resident[] => {
          if ((free[at] ?? 0) < gpus) return [];
          free[at] = (free[at] ?? 0) - gpus;
          return [{ key: `r${index}`, node: 'abcef'[at] ?? '', gpus, minutes }];
        });
        const { planner, movable } = world(fitting, [...'abcef']);
        const { snapshot } = planner;
        const before = structuredClone(snapshot.gpuFree);
        const nodesBefore = new Map([...snapshot.taken].map(([key, { node }]) => [key, node]));
        const gang = testGang(
          'g',
          sizes.map((gpus, at) => testPod(`g${at}`, gpus)),
        );
        const made = makeRoom(planner, gang, request(movable, { maxMoves: 6 }));
        if (made === undefined) {
          expect(snapshot.gpuFree.map((one) => one).sort()).toEqual(before.sort());
          expect(new Map([...snapshot.taken].map(([key, { node }]) => [key, node]))).toEqual(nodesBefore);
          return;
        }
        moved += 1;
        const went = new Set(made.moves.map(({ movable: { member } }) => member.key));
        expect(went.size).toBe(made.moves.length);
        expect(went.size).toBeGreaterThan(0);
        expect(went.size).toBeLessThanOrEqual(6);
        expect(snapshot.gpuFree.every((one) => one >= 0 && one <= 1000)).toBe(true);
        for (const [key, node] of nodesBefore) {
          expect(snapshot.taken.get(key)?.node === node).toBe(!went.has(key));
        }
        for (const { key } of gang.members) expect(snapshot.taken.has(key)).toBe(true);
      }),
      { numRuns: 300, seed: 1 },
    );
    expect(moved).toBeGreaterThan(10);
  });
});
