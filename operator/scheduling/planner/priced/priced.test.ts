import { describe, expect, it } from 'vitest';
import { learnArrival } from '../learn.ts';
import { createPlanner, type Planner, placeMember } from '../place.ts';
import { testNode, testPod } from '../planner.fixture.ts';
import { createSnapshot } from '../snapshot.ts';
import { type Member, type NodeFacts, WHOLE_GPU } from '../types.ts';

const SHARED = 'nvidia.com/gpu.shared';
const MIG = 'nvidia.com/mig-1g.10gb';

function share(key: string, milli: number, over: Partial<Member> = {}): Member {
  return testPod(key, 0, { gpus: [{ kind: 'share', milli }], ...over });
}

function taught(nodes: readonly NodeFacts[], past: readonly Member[]): Planner {
  const planner = createPlanner(createSnapshot(nodes), { name: 'gpuopt', typical: [] });
  for (const member of past) learnArrival(planner, member);
  return planner;
}

function placeAll(planner: Planner, members: readonly Member[]): readonly string[] {
  return members.map((member) => placeMember(planner, 'g', member)?.node ?? 'none');
}

function many(count: number, make: (key: string) => Member): Member[] {
  return Array.from({ length: count }, (_, at) => make(`past-${at}`));
}

describe('the priced policy', () => {
  it('puts a share where it completes a GPU', () => {
    const planner = taught(
      [testNode('a', { gpus: { count: 2, resource: WHOLE_GPU, replicas: 1 } }), testNode('b')],
      many(40, (key) => share(key, Number(key.slice(5)) % 2 === 0 ? 600 : 400)),
    );
    const placed = [share('x', 600), share('y', 400)].map((member) => placeMember(planner, 'g', member));
    expect(placed[1]?.node).toBe(placed[0]?.node);
    expect(placed[1]?.gpuIndexes).toEqual(placed[0]?.gpuIndexes);
  });

  it('keeps whole nodes for pods of eight GPUs once such pods were seen', () => {
    const nodes = ['a', 'b'].map((name) => testNode(name));
    const past = many(60, (key) => testPod(key, Number(key.slice(5)) % 4 === 0 ? 8 : 1));
    const planner = taught(nodes, past);
    const singles = placeAll(
      planner,
      ['1', '2', '3', '4'].map((key) => testPod(key, 1)),
    );
    expect(new Set(singles).size).toBe(1);
    expect(placeAll(planner, [testPod('8', 8)])).not.toEqual(['none']);
  });

  it('sends a pod that needs much CPU to where CPU is plenty', () => {
    const nodes = [
      testNode('little', { cpuMilli: 16_000, gpus: { count: 4, resource: WHOLE_GPU, replicas: 1 } }),
      testNode('plenty', { cpuMilli: 64_000, gpus: { count: 4, resource: WHOLE_GPU, replicas: 1 } }),
    ];
    const past = many(60, (key) => testPod(key, 1, { cpuMilli: Number(key.slice(5)) % 2 === 0 ? 16_000 : 2000 }));
    const planner = taught(nodes, past);
    expect(placeAll(planner, [testPod('hungry', 1, { cpuMilli: 16_000 })])).toEqual(['plenty']);
    expect(placeAll(planner, [testPod('modest', 1, { cpuMilli: 2000 })])).toEqual(['little']);
  });

  it('lets a pod with an alternative pay for a model that others are bound to', () => {
    const rare = testNode('rare', { model: 'A100', gpus: { count: 4, resource: WHOLE_GPU, replicas: 1 } });
    const past = many(60, (key) =>
      testPod(key, 1, Number(key.slice(5)) % 2 === 0 ? { where: { models: ['A100'] } } : {}),
    );
    const planner = taught([rare, testNode('common')], past);
    expect(placeAll(planner, [testPod('free', 1)])).toEqual(['common']);
    expect(placeAll(planner, [testPod('bound', 1, { where: { models: ['A100'] } })])).toEqual(['rare']);
  });

  it.each([
    ['time-slices', { gpus: { count: 2, resource: SHARED, replicas: 4 } }, SHARED],
    [
      'MIG devices',
      { gpus: { count: 0, resource: WHOLE_GPU, replicas: 1 }, resources: [{ name: MIG, count: 8, milliEach: 143 }] },
      MIG,
    ],
  ] as const)('keeps room for several %s on one node', (_, over, resource) => {
    const pod = (key: string, count: number): Member =>
      testPod(key, 0, { gpus: [{ kind: 'devices', resource, count }] });
    const past = many(60, (key) => pod(key, Number(key.slice(5)) % 3 === 0 ? 8 : 1));
    const planner = taught([testNode('a', over), testNode('b', over)], past);
    expect(new Set(placeAll(planner, [pod('1', 1), pod('2', 1), pod('3', 1)])).size).toBe(1);
    expect(placeAll(planner, [pod('8', 8)])).not.toEqual(['none']);
  });

  it('places what fits and refuses what does not, with nothing learned', () => {
    const planner = taught([testNode('a', { gpus: { count: 1, resource: WHOLE_GPU, replicas: 1 } })], []);
    expect(placeAll(planner, [share('x', 500), testPod('y', 1), share('z', 500), testPod('w', 0)])).toEqual([
      'a',
      'none',
      'a',
      'a',
    ]);
  });
});
