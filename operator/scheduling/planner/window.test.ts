import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { release } from './hold.ts';
import { createPlanner } from './place.ts';
import { BEST_FIT, testGang, testNode, testPod } from './planner.fixture.ts';
import { seededRandom } from './random.ts';
import { createSnapshot } from './snapshot.ts';
import type { Gang, Nominee } from './types.ts';
import { planWindow, type WindowPlan } from './window.ts';

interface World {
  readonly queue: readonly Gang[];
  readonly window: readonly string[];
  readonly nominees?: readonly Nominee[];
  readonly nodes?: number;
}

const emptyPlanner = (nodes = 1) =>
  createPlanner(createSnapshot(Array.from({ length: nodes }, (_, at) => testNode(`n${at}`))), BEST_FIT);

function planned({ queue, window, nominees, nodes }: World, planner = emptyPlanner(nodes)): WindowPlan {
  const request = { queue, quotas: [], nominees, policy: BEST_FIT };
  return planWindow(planner, request, new Set(window), seededRandom(1));
}

const single = (key: string, gpus: number, over: Partial<Gang> = {}) => testGang(key, [testPod(key, gpus)], over);
/** Together they are more than the node's eight GPUs: the first leaves three of them over, the other two none. */
const five = single('five', 5);
const fours = [single('four', 4), single('again', 4)];

const rows: readonly (World & { readonly name: string; readonly placed: readonly string[] })[] = [
  {
    name: 'pods that came together are placed in the order that uses most',
    queue: [five, ...fours],
    window: ['five', 'four', 'again'],
    placed: ['again', 'four'],
  },
  {
    name: 'who is not in the window keeps its turn',
    queue: [five, ...fours],
    window: ['four', 'again'],
    placed: ['five'],
  },
  {
    name: 'a higher priority keeps its turn',
    queue: [{ ...five, priority: 1 }, ...fours],
    window: ['five', 'four', 'again'],
    placed: ['five'],
  },
  {
    name: 'a gang that is held back is not tried',
    queue: [five, { ...fours[0], heldBack: { blocker: 'Data', sentence: 'incomplete' } } as Gang, ...fours.slice(1)],
    window: ['five', 'four', 'again'],
    placed: ['five'],
  },
  {
    name: 'a queue so long that trials would delay it is planned in the order of arrival',
    queue: [
      five,
      ...fours,
      testGang(
        'long',
        Array.from({ length: 3_000 }, (_, at) => testPod(`long-${at}`, 8)),
      ),
    ],
    window: ['five', 'four', 'again'],
    placed: ['five'],
  },
  {
    name: 'room that is held for a gang is not tried away',
    queue: [five, ...fours, single('whole', 9)],
    window: ['five', 'four', 'again'],
    nominees: [{ gang: 'whole', nodes: new Map([['whole', 'n1']]) }],
    nodes: 2,
    placed: ['again', 'four'],
  },
];

describe('a window', () => {
  it.each(rows)('$name', ({ placed, ...world }) => {
    const plan = planned(world);
    expect(plan.place.map(({ member }) => member).sort()).toEqual(placed);
    expect(plan.reordered).toBe(!placed.includes('five'));
  });

  it('whatever comes: never less than in the order of arrival, the same again, and all can be given back', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 12 });
    fc.assert(
      fc.property(sizes, (gpus) => {
        const queue = gpus.map((count, at) => single(`p${at}`, count));
        const window = queue.map(({ key }) => key);
        const planner = emptyPlanner(3);
        const plan = planned({ queue, window, nodes: 3 }, planner);
        const inOrder = planned({ queue, window: [], nodes: 3 });
        expect(plan.numbers.allocatedMilli).toBeGreaterThanOrEqual(inOrder.numbers.allocatedMilli);
        expect(planned({ queue, window, nodes: 3 })).toEqual(plan);
        for (const { member } of plan.place) release(planner.snapshot, member);
        expect(planner.snapshot.taken.size).toBe(0);
        expect(planner.snapshot.gpuFree.every((free) => free === 1000)).toBe(true);
      }),
      { numRuns: 60, seed: 1 },
    );
  });
});
