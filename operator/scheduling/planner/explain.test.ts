import { describe, expect, it } from 'vitest';
import { plan } from './plan.ts';
import { BEST_FIT, testGang, testNode, testPod } from './planner.fixture.ts';
import type { Answer, Gang, PlanInput } from './types.ts';

type World = Omit<PlanInput, 'queue' | 'policy' | 'explain'>;

const world = (over: Partial<World> = {}): World => ({
  nodes: [testNode('a'), testNode('b')],
  held: [],
  quotas: [],
  ...over,
});
const waits = (gpus: number, over: Partial<Gang['members'][number]> = {}): Gang =>
  testGang('g', [testPod('p', gpus, over)], { tenant: 't' });
const pods = (count: number, gpus: number): Gang =>
  testGang(
    'g',
    Array.from({ length: count }, (_, at) => testPod(`p${at}`, gpus)),
    { tenant: 't' },
  );
const holds = (node: string, gpus: number, tenant?: string) => ({ ...testPod(`held-${node}`, gpus), node, tenant });

interface Row {
  readonly name: string;
  readonly world: World;
  readonly gang: Gang;
  readonly answer: Partial<Answer>;
  readonly says: RegExp;
  /** Kind and amount, in the order shown. */
  readonly helps: readonly (readonly [string, number])[];
}

const rows: readonly Row[] = [
  {
    name: 'the limit of the tenant',
    world: world({ quotas: [{ tenant: 't', pool: undefined, limitMilli: 4000 }], held: [holds('a', 3, 't')] }),
    gang: waits(2),
    answer: { blocker: 'Quota', need: 2000, have: 1000, unit: 'gpu-milli', also: [] },
    says: /needs 2 GPUs and tenant t has 1 GPU left of its limit of 4 GPUs \(3 GPUs in use\)/,
    helps: [['limit', 1000]],
  },
  {
    name: 'all GPUs in use',
    world: world({ held: [holds('a', 8), holds('b', 7)] }),
    gang: waits(4),
    answer: { blocker: 'Capacity', need: 4000, have: 1000, unit: 'gpu-milli' },
    says: /needs 4 GPUs; free on the nodes it may use: 1 GPU$/,
    helps: [['nodes', 1]],
  },
  {
    name: 'enough free, but scattered',
    world: world({ held: [holds('a', 4), holds('b', 4)] }),
    gang: waits(8),
    answer: { blocker: 'Shape', need: 1, have: 0, unit: 'pods' },
    says: /scattered/,
    helps: [['nodes', 1]],
  },
  {
    name: 'a cordoned node',
    world: world({
      nodes: [testNode('a'), testNode('b', { schedulable: false, unschedulableReason: 'cordoned' })],
      held: [holds('a', 8)],
    }),
    gang: waits(2),
    answer: { blocker: 'Health', need: 1, unit: 'nodes' },
    says: /would fit on b.*cordoned/,
    helps: [
      ['health', 1],
      ['nodes', 1],
    ],
  },
  {
    name: 'a node selector that only full nodes meet',
    world: world({ nodes: [testNode('a', { labels: { zone: 'x' } }), testNode('b')], held: [holds('a', 8)] }),
    gang: waits(1, { where: { labels: { zone: 'x' } } }),
    answer: { blocker: 'Topology' },
    says: /1 of 2 nodes, which have no room/,
    helps: [
      ['constraint', 0],
      ['nodes', 1],
    ],
  },
  {
    name: 'a node selector that no node meets',
    world: world(),
    gang: waits(1, { where: { models: ['B200'] } }),
    answer: { blocker: 'Topology' },
    says: /no node of 2/,
    helps: [['constraint', 0]],
  },
  {
    name: 'more than any node has',
    world: world(),
    gang: waits(16),
    answer: { blocker: 'Shape', need: 16, have: 8 },
    says: /more than any node has even when empty/,
    helps: [],
  },
  {
    name: 'a profile that nobody offers',
    world: world(),
    gang: waits(0, { gpus: [{ kind: 'devices', resource: 'nvidia.com/mig-7g.80gb', count: 1 }] }),
    answer: { blocker: 'Shape', need: 1, have: 0, unit: 'devices' },
    says: /no node offers nvidia.com\/mig-7g.80gb/,
    helps: [],
  },
  {
    name: 'a gang larger than what is free',
    world: world({ held: [holds('a', 8)] }),
    gang: pods(3, 8),
    answer: { blocker: 'Capacity', need: 24_000, have: 8000 },
    says: /needs 24 GPUs; free on the nodes it may use: 8 GPUs$/,
    helps: [
      ['fewer-pods', 1],
      ['nodes', 2],
    ],
  },
  {
    name: 'limit and capacity together: the first that fails, and the other beside it',
    world: world({ held: [holds('a', 8), holds('b', 8)], quotas: [{ tenant: 't', limitMilli: 1000 }] }),
    gang: waits(2),
    answer: { blocker: 'Quota', also: ['Capacity'] },
    says: /limit of 1 GPU \(0 GPUs in use\); besides, no GPU is free on the nodes it may use$/,
    helps: [],
  },
  {
    name: 'something outside the planner',
    world: world(),
    gang: { ...waits(1), heldBack: { blocker: 'ForeignGate', sentence: 'gate example.com/hold is still there' } },
    answer: { blocker: 'ForeignGate', need: 0, have: 0, unit: 'none' },
    says: /example.com\/hold/,
    helps: [],
  },
];

function ask(row: Pick<Row, 'world' | 'gang'>, explain: 'blocker' | 'full'): Answer {
  const answer = plan({ ...row.world, queue: [row.gang], policy: BEST_FIT, explain }).waiting[0];
  if (answer === undefined) throw new Error('the gang was placed');
  return answer;
}

describe('why a gang waits', () => {
  it.each(rows)('$name', (row) => {
    const answer = ask(row, 'full');
    expect(answer).toMatchObject(row.answer);
    expect(answer.sentence).toMatch(row.says);
    expect(answer.counterfactuals.map(({ kind, amount }) => [kind, amount])).toEqual(row.helps);
    expect(ask(row, 'blocker')).toEqual({ ...answer, counterfactuals: [] });
  });

  it('answers alike gangs alike without losing their names, and says nothing when not asked', () => {
    const queue = ['g', 'h'].map((key) => testGang(key, [testPod(key, 16)]));
    const both = plan({ ...world(), queue, policy: BEST_FIT });
    expect(both.waiting.map(({ gang }) => gang)).toEqual(['g', 'h']);
    expect(both.waiting[0]?.sentence).toBe(both.waiting[1]?.sentence);
    expect(plan({ ...world(), queue, policy: BEST_FIT, explain: 'nothing' }).waiting).toEqual([]);
  });

  it('is true: with the change made, the gang is placed', () => {
    const row = { world: world({ held: [holds('a', 8), holds('b', 7)] }), gang: pods(3, 4) };
    const nodes = ask(row, 'full').counterfactuals.find(({ kind }) => kind === 'nodes');
    const more = Array.from({ length: nodes?.amount ?? 0 }, (_, at) => testNode(`new-${at}`));
    const with_ = (extra: typeof more) =>
      plan({ ...row.world, nodes: [...row.world.nodes, ...extra], queue: [row.gang], policy: BEST_FIT }).place.length;
    expect(with_(more)).toBe(3);
    expect(with_(more.slice(1))).toBe(0);
  });
});
