import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from './demand.ts';
import { release, take } from './hold.ts';
import { learnArrival } from './learn.ts';
import { type MoveRequest, planMoves } from './moves.ts';
import { createPlanner, type Planner, placeMember } from './place.ts';
import { testNode, testPod } from './planner.fixture.ts';
import { seededRandom } from './random.ts';
import { countShapes } from './shapes.ts';
import { createSnapshot } from './snapshot.ts';
import type { Member } from './types.ts';
import { placeWindow } from './window.ts';

const EIGHTS = Array.from({ length: 30 }, (_, at) => testPod(`past-${at}`, at % 2 === 0 ? 8 : 1));

/** Two nodes of eight GPUs, each with one small pod: moving one frees a whole node. */
function scattered(): { readonly planner: Planner; readonly residents: readonly Member[] } {
  const planner = createPlanner(createSnapshot([testNode('a'), testNode('b')]), {
    name: 'fgd',
    typical: countShapes(EIGHTS),
  });
  const residents = ['x', 'y'].map((key) => testPod(key, 1));
  for (const [node, member] of residents.entries()) {
    take(planner.snapshot, member.key, node, compile(planner.snapshot, member));
  }
  return { planner, residents };
}

function request(residents: readonly Member[], over: Partial<MoveRequest> = {}): MoveRequest {
  return {
    residents: residents.map((member) => ({ member, podMinutes: 10 })),
    maxMoves: 10,
    minGainMilli: 100,
    milliPerPodMinute: 1,
    disruptionsAllowed: new Map(),
    ...over,
  };
}

describe('moves', () => {
  it('frees a node where that pays, and then stops', () => {
    const { planner, residents } = scattered();
    const moves = planMoves(planner, request(residents));
    expect(moves).toHaveLength(1);
    expect(moves[0]).toMatchObject({ podMinutes: 10 });
    expect(planner.snapshot.idleMilli.some((idle) => idle === 8000)).toBe(true);
  });

  const kept: readonly (readonly [string, Partial<MoveRequest>])[] = [
    ['the lost work costs more than the gain', { milliPerPodMinute: 10_000 }],
    ['the gain is below the least', { minGainMilli: 100_000 }],
    ['no move is allowed', { maxMoves: 0 }],
  ];
  it.each(kept)('moves nothing where %s', (_, over) => {
    const { planner, residents } = scattered();
    const before = structuredClone(planner.snapshot.gpuFree);
    expect(planMoves(planner, request(residents, over))).toEqual([]);
    expect(planner.snapshot.gpuFree).toEqual(before);
  });

  it('respects disruption budgets', () => {
    const allowed = (count: number): number => {
      const { planner, residents } = scattered();
      const budgeted = residents.map((member) => ({ member, podMinutes: 0, budget: 'web' }));
      const disruptionsAllowed = new Map([['web', count]]);
      return planMoves(planner, request([], { residents: budgeted, disruptionsAllowed })).length;
    };
    expect([allowed(0), allowed(1)]).toEqual([0, 1]);
  });

  it('whatever runs: nothing is lost or overcommitted, the same again, and all can be given back', () => {
    const pods = fc.array(fc.record({ milli: fc.integer({ min: 1, max: 20 }), cpu: fc.integer({ min: 0, max: 9 }) }), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(pods, fc.constantFrom('fgd' as const, 'gpuopt' as const), (drafts, name) => {
        const members = drafts.map(({ milli, cpu }, at): Member => {
          const gpus = [{ kind: 'share' as const, milli: milli * 50 - 1 }];
          return { key: `p${at}`, cpuMilli: cpu * 1000, memoryMiB: 1, gpus };
        });
        const run = (): unknown => {
          const nodes = ['a', 'b', 'c'].map((each) =>
            testNode(each, { cpuMilli: 40_000, gpus: { count: 3, resource: 'nvidia.com/gpu', replicas: 1 } }),
          );
          const planner = createPlanner(createSnapshot(nodes, 1), {
            name,
            typical: name === 'fgd' ? countShapes(members) : [],
          });
          for (const member of members) learnArrival(planner, member);
          const placed = placeWindow(planner, members, seededRandom(1));
          for (const key of placed.map(({ member }) => member).filter((_, at) => at % 3 === 0)) {
            release(planner.snapshot, key);
          }
          const kept = [...planner.snapshot.taken.keys()].sort();
          const moves = planMoves(planner, request(members, { minGainMilli: 1, milliPerPodMinute: 0 }));
          expect([...planner.snapshot.taken.keys()].sort()).toEqual(kept);
          expect(planner.snapshot.gpuFree.every((free) => free >= 0 && free <= 1000)).toBe(true);
          expect(planner.snapshot.cpuFree.every((free) => free >= 0)).toBe(true);
          for (const { gainMilli, from, to } of moves) {
            expect(gainMilli).toBeGreaterThanOrEqual(1);
            expect(from).not.toBe(to);
          }
          for (const key of kept) release(planner.snapshot, key);
          expect(planner.snapshot.gpuFree.every((free) => free === 1000)).toBe(true);
          expect(planner.snapshot.cpuFree.every((free) => free === 40_000)).toBe(true);
          return { placed, moves };
        };
        expect(run()).toEqual(run());
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  it('a pod that finds no other place stays', () => {
    const planner = createPlanner(createSnapshot([testNode('a')]), { name: 'fgd', typical: countShapes(EIGHTS) });
    const only = testPod('x', 1);
    const placed = placeMember(planner, 'g', only);
    expect(planMoves(planner, request([only], { minGainMilli: 0 }))).toEqual([]);
    expect(planner.snapshot.taken.get('x')?.gpus[0]?.index).toBe(placed?.gpuIndexes[0]);
  });
});
