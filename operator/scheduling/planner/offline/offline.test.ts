import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPlanner, type Planner } from '../place.ts';
import { testNode, testPod } from '../planner.fixture.ts';
import { createSnapshot } from '../snapshot.ts';
import { type Member, type NodeFacts, WHOLE_GPU } from '../types.ts';
import { placeOffline } from './offline.ts';

function share(key: string, milli: number, over: Partial<Member> = {}): Member {
  return testPod(key, 0, { gpus: [{ kind: 'share', milli }], ...over });
}

function planner(nodes: readonly NodeFacts[]): Planner {
  return createPlanner(createSnapshot(nodes), { name: 'gpuopt', typical: [] });
}

function node(name: string, gpus: number, over: Partial<NodeFacts> = {}): NodeFacts {
  return testNode(name, { gpus: { count: gpus, resource: WHOLE_GPU, replicas: 1 }, ...over });
}

describe('the offline class', () => {
  it('fills GPUs to the last part where pods placed one by one would not', () => {
    const fleet = planner([node('a', 2), node('b', 2)]);
    const milli = [300, 300, 300, 300, 700, 700, 700, 700, 810, 810];
    const { place, programMilli, ceilingMilli } = placeOffline(
      fleet,
      milli.map((each, at) => share(`p${at}`, each)),
    );
    expect(place.reduce((sum, { gpuMilli }) => sum + gpuMilli, 0)).toBe(4000);
    expect(programMilli).toBe(4000);
    expect(ceilingMilli).toBe(4000);
  });

  it('chooses whom to refuse', () => {
    const { place } = placeOffline(planner([node('a', 8)]), [testPod('small', 1), testPod('large', 8)]);
    expect(place.map(({ member }) => member)).toEqual(['large']);
  });

  it('keeps to models, CPU and memory, and places what needs no GPU', () => {
    const nodes = [node('a', 2, { model: 'A100', cpuMilli: 4000 }), node('b', 2, { memoryMiB: 2048 })];
    const { place } = placeOffline(planner(nodes), [
      testPod('bound', 1, { where: { models: ['A100'] }, cpuMilli: 3000 }),
      testPod('hungry', 1, { cpuMilli: 3000 }),
      testPod('fat', 1, { memoryMiB: 2000 }),
      testPod('none', 0),
    ]);
    const found = Object.fromEntries(place.map(({ member, node: name }) => [member, name]));
    expect(found).toEqual({ bound: 'a', hungry: 'b', fat: 'a', none: expect.any(String) });
  });

  const pods = fc.array(
    fc.record({
      milli: fc.constantFrom(130, 250, 330, 500, 810, 1000, 2000, 4000),
      cpuMilli: fc.integer({ min: 0, max: 6000 }),
      memoryMiB: fc.integer({ min: 0, max: 9000 }),
    }),
    { maxLength: 60 },
  );
  it('takes no more than there is, no more than its ceiling, and the same again', () => {
    fc.assert(
      fc.property(pods, (drafts) => {
        const members = drafts.map(({ milli, ...rest }, at) =>
          milli < 1000 ? share(`p${at}`, milli, rest) : testPod(`p${at}`, milli / 1000, rest),
        );
        const run = (): unknown => {
          const fleet = planner([
            node('a', 2, { cpuMilli: 12_000 }),
            node('b', 4, { memoryMiB: 30_000 }),
            node('c', 4),
          ]);
          const { place, ceilingMilli, programMilli } = placeOffline(fleet, members);
          const { gpuFree, cpuFree, memoryFree } = fleet.snapshot;
          expect([...cpuFree, ...memoryFree].every((free) => free >= 0)).toBe(true);
          expect(gpuFree.every((free) => free >= -1)).toBe(true);
          expect(new Set(place.map(({ member }) => member)).size).toBe(place.length);
          const allocated = place.reduce((sum, { gpuMilli }) => sum + gpuMilli, 0);
          expect(allocated).toBeLessThanOrEqual(ceilingMilli + 1);
          expect(programMilli).toBeLessThanOrEqual(ceilingMilli + 1);
          return place;
        };
        expect(run()).toEqual(run());
      }),
      { numRuns: 30, seed: 1 },
    );
  });
});
