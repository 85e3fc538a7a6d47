import { describe, expect, it } from 'vitest';
import { createPlanner, createSnapshot, type Gang, STARTED_PRIORITY } from './planner/index.ts';
import { BEST_FIT, testGang, testNode, testPod } from './planner/planner.fixture.ts';
import { createWindows, type WindowOfPool } from './windows.ts';

const planner = createPlanner(
  createSnapshot([testNode('a', { pool: 'main', labels: { only: 'main' } }), testNode('b', { pool: 'other' })]),
  BEST_FIT,
);
const inMain = { labels: { only: 'main' } };
const windows: WindowOfPool = new Map([['main', { pods: 3, maxWaitMillis: 2_000 }]]);

/** Gangs of one pod each for the pool main, unless told otherwise. */
const gang = (key: string, over: Partial<Gang> = {}): Gang => testGang(key, [testPod(key, 1, { where: inMain })], over);

interface Step {
  readonly at: number;
  readonly queue: readonly Gang[];
  readonly waits?: readonly string[];
  readonly closed?: readonly string[];
  readonly due?: number;
  readonly nominated?: readonly string[];
  readonly windows?: WindowOfPool;
}

const rows: readonly { readonly name: string; readonly steps: readonly Step[] }[] = [
  {
    name: 'the first waits its time, and those that came meanwhile go with it',
    steps: [
      { at: 0, queue: [gang('a')], waits: ['a'], due: 2_000 },
      { at: 1_500, queue: [gang('a'), gang('b')], waits: ['a', 'b'], due: 500 },
      { at: 2_000, queue: [gang('a'), gang('b')], closed: ['a', 'b'] },
      { at: 2_100, queue: [gang('b'), gang('c')], waits: ['c'], due: 2_000 },
    ],
  },
  {
    name: 'as many as the window takes go at once',
    steps: [
      { at: 0, queue: [gang('a')], waits: ['a'], due: 2_000 },
      { at: 100, queue: [gang('a'), gang('b'), gang('c')], closed: ['a', 'b', 'c'] },
    ],
  },
  {
    name: 'the pods of a gang count',
    steps: [
      {
        at: 0,
        queue: [gang('g', { members: ['0', '1', '2'].map((key) => testPod(key, 1, { where: inMain })) })],
        closed: ['g'],
      },
    ],
  },
  {
    name: 'who may also run where there is no window does not wait',
    steps: [{ at: 0, queue: [testGang('free', [testPod('free', 1)])] }],
  },
  {
    name: 'the shortest of several windows counts',
    steps: [
      {
        at: 0,
        queue: [testGang('free', [testPod('free', 1)])],
        windows: new Map([...windows, ['other', { pods: 64, maxWaitMillis: 1_000 }]]),
        waits: ['free'],
        due: 1_000,
      },
    ],
  },
  {
    name: 'who has begun, has a place held for it or is held back for something else does not wait for others',
    steps: [
      {
        at: 0,
        queue: [
          gang('begun', { priority: STARTED_PRIORITY }),
          gang('nominated'),
          gang('held', { heldBack: { blocker: 'Budget', sentence: 'frozen' } }),
        ],
        nominated: ['nominated'],
        waits: ['held'],
      },
      { at: 9_000, queue: [gang('held')], waits: ['held'], due: 2_000 },
    ],
  },
  {
    name: 'a window that a pool takes away holds nobody',
    steps: [
      { at: 0, queue: [gang('a')], waits: ['a'], due: 2_000 },
      { at: 100, queue: [gang('a')], windows: new Map() },
    ],
  },
];

describe('windows', () => {
  it.each(rows)('$name', ({ steps }) => {
    let now = 0;
    const kept = createWindows({ monotonic: () => now });
    for (const { at, queue, waits = [], closed = [], due = Number.POSITIVE_INFINITY, ...step } of steps) {
      now = at;
      const settled = kept.settle(planner, queue, step.windows ?? windows, new Set(step.nominated));
      expect({
        waits: settled.queue.filter(({ heldBack }) => heldBack !== undefined).map(({ key }) => key),
        closed: [...settled.closed],
        due: settled.dueMillis,
      }).toEqual({ waits, closed, due });
    }
  });

  it('says how long each pod waited', () => {
    let now = 0;
    const kept = createWindows({ monotonic: () => now });
    kept.settle(planner, [gang('a')], windows, new Set());
    now = 2_000;
    expect(kept.settle(planner, [gang('a'), gang('b')], windows, new Set()).waitedMillis).toEqual([2_000, 0]);
  });
});
