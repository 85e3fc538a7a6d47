import { describe, expect, it } from 'vitest';
import { hold, release } from './hold.ts';
import { byPriorityThenAge } from './order.ts';
import { createPlanner } from './place.ts';
import { plan, planQueue } from './plan.ts';
import { BEST_FIT, testGang, testNode, testPod } from './planner.fixture.ts';
import { countShapes, typicalShapes } from './shapes.ts';
import { createSnapshot, updateNode } from './snapshot.ts';
import type { Gang, NodeFacts, PlanInput, Quota } from './types.ts';

const MIG = 'nvidia.com/mig-1g.10gb';
const SHARED = 'nvidia.com/gpu.shared';
const noGpus = { count: 0, resource: 'nvidia.com/gpu', replicas: 1 };
const sliced = testNode('mig', { gpus: noGpus, resources: [{ name: MIG, count: 7, milliEach: 142 }], model: 'A100' });
const timeSliced = testNode('ts', { gpus: { count: 2, resource: SHARED, replicas: 4 }, model: 'L4' });

function input(over: Partial<PlanInput>): PlanInput {
  return { nodes: [testNode('a')], held: [], queue: [], quotas: [], policy: BEST_FIT, ...over };
}

function single(
  key: string,
  gpus: number,
  over: Partial<Gang['members'][number]> = {},
  gang: Partial<Gang> = {},
): Gang {
  return testGang(key, [testPod(`${key}-0`, gpus, over)], gang);
}

const devices = (resource: string, count: number) => [{ kind: 'devices' as const, resource, count }];
const share = (milli: number) => [{ kind: 'share' as const, milli }];

interface Row {
  readonly name: string;
  readonly input: Partial<PlanInput>;
  /** Member to node. */
  readonly placed: Readonly<Record<string, string>>;
}

const rows: readonly Row[] = [
  { name: 'a pod goes to the only node', input: { queue: [single('p', 1)] }, placed: { 'p-0': 'a' } },
  {
    name: 'ties go to the first node in input order',
    input: { nodes: [testNode('b'), testNode('a')], queue: [single('p', 1)] },
    placed: { 'p-0': 'b' },
  },
  {
    name: 'best-fit fills the fuller node',
    input: {
      nodes: [testNode('a'), testNode('b')],
      held: [{ ...testPod('x', 4), node: 'b' }],
      queue: [single('p', 2)],
    },
    placed: { 'p-0': 'b' },
  },
  {
    name: 'a gang is placed whole over two nodes',
    input: { nodes: [testNode('a'), testNode('b')], queue: [testGang('g', [testPod('0', 8), testPod('1', 8)])] },
    placed: { '0': 'a', '1': 'b' },
  },
  {
    name: 'a gang that lacks room for one pod places none, and a later pod may go',
    input: { queue: [testGang('g', [testPod('0', 8), testPod('1', 8)]), single('p', 8)] },
    placed: { 'p-0': 'a' },
  },
  {
    name: 'what is held is not given twice',
    input: { held: [{ ...testPod('x', 1), node: 'a' }], queue: [single('p', 8)] },
    placed: {},
  },
  { name: 'no CPU, no place', input: { queue: [single('p', 1, { cpuMilli: 64_001 })] }, placed: {} },
  { name: 'no memory, no place', input: { queue: [single('p', 1, { memoryMiB: 524_289 })] }, placed: {} },
  {
    name: 'a full pod count is respected',
    input: { nodes: [testNode('a', { pods: 1 })], queue: [single('p', 1), single('q', 1)] },
    placed: { 'p-0': 'a' },
  },
  {
    name: 'a cordoned node takes nothing',
    input: { nodes: [testNode('a', { schedulable: false })], queue: [single('p', 1)] },
    placed: {},
  },
  {
    name: 'labels and models constrain',
    input: {
      nodes: [
        testNode('a'),
        testNode('b', { labels: { zone: 'x' }, model: 'T4' }),
        testNode('c', { labels: { zone: 'x' } }),
      ],
      queue: [single('p', 1, { where: { labels: { zone: 'x' }, models: ['H100'] } })],
    },
    placed: { 'p-0': 'c' },
  },
  {
    name: 'a taint repels a pod without toleration, not one with it',
    input: {
      nodes: [testNode('a', { taints: [{ key: 'nvidia.com/gpu', effect: 'NoSchedule' }] })],
      queue: [single('p', 1), single('q', 1, { tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists' }] })],
    },
    placed: { 'q-0': 'a' },
  },
  {
    name: 'a MIG device goes only where it is advertised',
    input: { nodes: [testNode('a'), sliced], queue: [single('p', 0, { gpus: devices(MIG, 2) })] },
    placed: { 'p-0': 'mig' },
  },
  {
    name: 'a time-slice goes only where it is advertised, and a whole GPU does not go there',
    input: { nodes: [timeSliced], queue: [single('p', 0, { gpus: devices(SHARED, 1) }), single('q', 1)] },
    placed: { 'p-0': 'ts' },
  },
  {
    name: 'eight time-slices of two GPUs, not nine',
    input: {
      nodes: [timeSliced],
      queue: Array.from({ length: 9 }, (_, at) => single(`p${at}`, 0, { gpus: devices(SHARED, 1) })),
    },
    placed: Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`p${at}-0`, 'ts'])),
  },
  {
    name: 'a share fits one GPU, not two halves',
    input: {
      nodes: [testNode('a', { gpus: { count: 2, resource: 'nvidia.com/gpu', replicas: 1 } })],
      queue: [
        single('p', 0, { gpus: share(600) }),
        single('q', 0, { gpus: share(600) }),
        single('r', 0, { gpus: share(500) }),
      ],
    },
    placed: { 'p-0': 'a', 'q-0': 'a' },
  },
  {
    name: 'a pod with two kinds of devices needs both',
    input: {
      nodes: [sliced, testNode('a')],
      queue: [single('p', 0, { gpus: [...devices(MIG, 1), ...devices('nvidia.com/gpu', 1)] })],
    },
    placed: {},
  },
  {
    name: 'a gang that is held back is not planned',
    input: { queue: [single('p', 1, {}, { heldBack: { blocker: 'Budget', sentence: 'tenant is frozen' } })] },
    placed: {},
  },
];

describe('plan', () => {
  it.each(rows)('$name', ({ input: given, placed }) => {
    const whole = input(given);
    const output = plan(whole);
    expect(Object.fromEntries(output.place.map(({ member, node }) => [member, node]))).toEqual(placed);
    expect(output.waiting.length + new Set(output.place.map(({ gang }) => gang)).size).toBe(whole.queue.length);
    expect(plan(whole)).toEqual(output);
  });

  const quota = (limitMilli: number, pool?: string): Quota => ({ tenant: 't', limitMilli, pool });
  const owned = (key: string, gpus: number) => single(key, gpus, {}, { tenant: 't' });
  const quotaRows: readonly { name: string; input: Partial<PlanInput>; placed: readonly string[] }[] = [
    {
      name: 'what runs on a node whose devices are away for a moment counts',
      input: {
        nodes: [testNode('a', { gpus: noGpus }), testNode('b')],
        quotas: [quota(2000)],
        held: [{ ...testPod('x', 2), node: 'a', tenant: 't' }],
        queue: [owned('p', 1)],
      },
      placed: [],
    },
    { name: 'within the limit', input: { quotas: [quota(2000)], queue: [owned('p', 2)] }, placed: ['p-0'] },
    { name: 'beyond the limit', input: { quotas: [quota(2000)], queue: [owned('p', 3)] }, placed: [] },
    {
      name: 'what the tenant holds counts',
      input: {
        quotas: [quota(2000)],
        held: [{ ...testPod('x', 1), node: 'a', tenant: 't' }],
        queue: [owned('p', 2), owned('q', 1)],
      },
      placed: ['q-0'],
    },
    {
      name: 'what others hold does not',
      input: { quotas: [quota(2000)], held: [{ ...testPod('x', 1), node: 'a', tenant: 'u' }], queue: [owned('p', 2)] },
      placed: ['p-0'],
    },
    {
      name: 'a full pool sends the pod to another',
      input: {
        nodes: [testNode('a', { pool: 'one' }), testNode('b', { pool: 'two' })],
        quotas: [quota(1000, 'one'), quota(4000, 'two')],
        queue: [owned('p', 2)],
      },
      placed: ['p-0'],
    },
    {
      name: 'a gang counts whole',
      input: { quotas: [quota(3000)], queue: [testGang('g', [testPod('0', 2), testPod('1', 2)], { tenant: 't' })] },
      placed: [],
    },
    {
      name: 'a slice costs its worth',
      input: {
        nodes: [sliced],
        quotas: [quota(300)],
        queue: [0, 1, 2].map((at) => single(`p${at}`, 0, { gpus: devices(MIG, 1) }, { tenant: 't' })),
      },
      placed: ['p0-0', 'p1-0'],
    },
  ];

  it.each(quotaRows)('quota: $name', ({ input: given, placed }) => {
    expect(plan(input(given)).place.map(({ member }) => member)).toEqual(placed);
  });

  it('orders the queue by priority, age and key', () => {
    const queue = [
      single('c', 1, {}, { since: 2 }),
      single('b', 1),
      single('a', 1),
      single('d', 1, {}, { priority: 9, since: 5 }),
    ];
    expect(queue.sort(byPriorityThenAge).map(({ key }) => key)).toEqual(['d', 'a', 'b', 'c']);
  });

  it('counts capacity, what is held and what is fragmented', () => {
    const typical = countShapes([testPod('x', 2)]);
    const held = [{ ...testPod('x', 7), node: 'a' }];
    const { numbers } = plan(input({ held, policy: { name: 'fgd', typical } }));
    expect(numbers).toMatchObject({ capacityMilli: 8000, allocatedMilli: 7000, fragmentedMilli: 1000, fragRatio: 1 });
  });
});

describe('a planner that lives on', () => {
  it('keeps what it placed until it is released', () => {
    const planner = createPlanner(createSnapshot([testNode('a')]), BEST_FIT);
    const request = { quotas: [], policy: BEST_FIT };
    expect(planQueue(planner, { ...request, queue: [single('p', 8)] }).place).toHaveLength(1);
    expect(planQueue(planner, { ...request, queue: [single('q', 1)] }).place).toHaveLength(0);
    expect(release(planner.snapshot, 'p-0')).toBe(true);
    expect(release(planner.snapshot, 'p-0')).toBe(false);
    expect(planQueue(planner, { ...request, queue: [single('q', 1)] }).place).toHaveLength(1);
  });

  it('takes over a cordon in place and asks for a rebuild when capacity changes', () => {
    const planner = createPlanner(createSnapshot([testNode('a')]), BEST_FIT);
    const queue = [single('p', 1)];
    expect(updateNode(planner.snapshot, testNode('a', { schedulable: false }))).toBe(true);
    expect(planQueue(planner, { queue, quotas: [], policy: BEST_FIT }).place).toHaveLength(0);
    expect(updateNode(planner.snapshot, testNode('a', { cpuMilli: 1 }))).toBe(false);
    expect(updateNode(planner.snapshot, testNode('new'))).toBe(false);
  });

  it('records a running pod even where the node lost a GPU', () => {
    const node: NodeFacts = testNode('a', { gpus: { count: 1, resource: 'nvidia.com/gpu', replicas: 1 } });
    const snapshot = createSnapshot([node]);
    expect(hold(snapshot, { ...testPod('x', 2), node: 'a' })).toBe(true);
    expect([...snapshot.gpuFree]).toEqual([0]);
    expect(hold(snapshot, { ...testPod('x', 2), node: 'a' })).toBe(false);
    expect(hold(snapshot, { ...testPod('y', 2), node: 'gone' })).toBe(false);
    release(snapshot, 'x');
    expect([...snapshot.gpuFree]).toEqual([1000]);
  });
});

describe('typical shapes', () => {
  it('are the fewest most frequent that cover 95 %', () => {
    const shapes = [
      { cpuMilli: 1, gpus: [], count: 4 },
      { cpuMilli: 2, gpus: [], count: 90 },
      { cpuMilli: 3, gpus: [], count: 6 },
    ];
    expect(typicalShapes(shapes).map(({ cpuMilli, weight }) => [cpuMilli, weight])).toEqual([
      [2, 90 / 96],
      [3, 6 / 96],
    ]);
  });

  it('tell models apart but not memory', () => {
    const pods = [testPod('a', 1), testPod('b', 1, { memoryMiB: 9 }), testPod('c', 1, { where: { models: ['T4'] } })];
    expect(countShapes(pods).map(({ count }) => count)).toEqual([2, 1]);
  });
});
