import { describe, expect, it } from 'vitest';
import { createKeeper, type World } from './keeper.ts';
import { placeMember } from './place.ts';
import { testNode, testPod } from './planner.fixture.ts';

const NODES = ['a', 'b'].map((name) => testNode(name));
const POLICY = { name: 'gpuopt', typical: [] } as const;
const GANGS = Array.from({ length: 40 }, (_, at) => testPod(`p${at}`, at % 4 === 0 ? 8 : 1));

function world(over: Partial<World> = {}): World {
  return { nodes: NODES, held: [], waiting: [], policy: POLICY, ...over };
}

function countOf(planner: ReturnType<ReturnType<typeof createKeeper>['update']>, gpus: number): number {
  const learned = planner.chooser.scorer.learned?.() ?? [];
  return learned.reduce((sum, shape) => {
    const [gpu] = shape.gpus;
    return gpu?.kind === 'devices' && gpu.count === gpus ? sum + shape.count : sum;
  }, 0);
}

describe('the planner kept between passes', () => {
  it('learns each pod once, and again when it came anew', () => {
    const keeper = createKeeper();
    keeper.update(world());
    const twice = world({ waiting: [testPod('x', 1)] });
    expect(countOf(keeper.update(twice), 1)).toBe(1);
    expect(countOf(keeper.update(twice), 1)).toBe(1);
    expect(countOf(keeper.update(world({ held: [{ ...testPod('x', 1), node: 'a' }] })), 1)).toBe(1);
    keeper.update(world());
    expect(countOf(keeper.update(twice), 1)).toBe(2);
  });

  it('keeps prices when the fleet changes, and makes new ones only when it is asked to', () => {
    const keeper = createKeeper();
    const before = keeper.update(world());
    keeper.update(world({ waiting: GANGS }));
    const { epoch } = before.chooser.scorer;
    expect(keeper.settle(1)).toBe(true);
    expect(before.chooser.scorer.epoch).toBe(epoch);
    while (keeper.settle(12));
    expect(before.chooser.scorer.epoch).toBeGreaterThan(epoch);
    const learned = before.chooser.scorer.learned?.();
    const after = keeper.update(world({ nodes: [...NODES, testNode('c')], waiting: GANGS }));
    expect(after).not.toBe(before);
    expect(after.chooser.scorer.learned?.()).toEqual(learned);
    expect(keeper.settle(1)).toBe(false);
  });

  it('starts from the typical pods, as after a restart', () => {
    const keeper = createKeeper();
    const typical = [{ cpuMilli: 1000, gpus: testPod('t', 8).gpus, count: 10 }];
    const planner = keeper.update(world({ waiting: GANGS, policy: { ...POLICY, typical } }));
    expect(countOf(planner, 8)).toBe(10);
    expect(countOf(planner, 1)).toBe(0);
  });

  it('undoes what a pass placed and nobody holds', () => {
    const keeper = createKeeper();
    const planner = keeper.update(world({ waiting: GANGS }));
    expect(placeMember(planner, 'g', testPod('p0', 8))).toBeDefined();
    const again = keeper.update(world({ waiting: GANGS }));
    expect(again).toBe(planner);
    expect(again.snapshot.taken.size).toBe(0);
  });

  it('changes its policy', () => {
    const keeper = createKeeper();
    const first = keeper.update(world({ waiting: GANGS }));
    const second = keeper.update(world({ waiting: GANGS, policy: { name: 'best-fit', typical: [] } }));
    expect(second).not.toBe(first);
    expect(keeper.settle(12)).toBe(false);
  });
});
