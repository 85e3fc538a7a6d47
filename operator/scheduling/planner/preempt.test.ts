import { describe, expect, it } from 'vitest';
import { hold } from './hold.ts';
import { createPlanner } from './place.ts';
import { BEST_FIT, testGang, testNode, testPod } from './planner.fixture.ts';
import { planPreemption } from './preempt.ts';
import { createSnapshot } from './snapshot.ts';
import type { Gang, Holding, PreemptionPolicy, Quota, Tenancy, Victim } from './types.ts';

const tenancy: Tenancy = {
  now: 0,
  usage: [],
  weights: new Map(),
  reclaims: new Set(['main']),
  bookings: [],
  ends: new Map(),
  fixed: new Set(),
};

/** A running gang: `b2@n0:30` is a gang of tenant b with one pod of 2 GPUs on node n0 that has run for 30 minutes. */
interface Running {
  readonly name: string;
  /** One pod for each node. */
  readonly on: readonly string[];
  readonly gpus: number;
  readonly tenant?: string;
  readonly minutes: number;
  readonly priority?: number;
  readonly budgets?: readonly string[];
}

const run = (name: string, on: string, gpus: number, minutes: number, over: Partial<Running> = {}): Running => ({
  ...{ name, on: on.split(' '), gpus, minutes, tenant: name.slice(0, 1) },
  ...over,
});

const guarantee = (tenant: string, gpus: number, over: Partial<Quota> = {}): Quota => ({
  ...{ tenant, pool: 'main', limitMilli: Number.POSITIVE_INFINITY, guaranteedMilli: gpus * 1000 },
  ...over,
});

const asks = (gpus: number, over: Partial<Gang> = {}, pods = 1): Gang =>
  testGang(
    'a',
    Array.from({ length: pods }, (_, at) => testPod(`a${at}`, gpus)),
    { tenant: 'a', ...over },
  );

interface Row {
  readonly name: string;
  /** Nodes of four GPUs. */
  readonly nodes?: number;
  readonly running: readonly Running[];
  readonly gang: Gang;
  readonly quotas?: readonly Quota[];
  readonly policy?: PreemptionPolicy;
  readonly budgets?: Readonly<Record<string, number>>;
  readonly tenancy?: Partial<Tenancy>;
  /** Gangs that are evicted; nobody unless said. */
  readonly evicts?: readonly string[];
}

const rows: readonly Row[] = [
  {
    name: 'a tenant gets its guarantee back from who borrowed it',
    running: [run('b1', 'n0', 4, 10)],
    gang: asks(2),
    quotas: [guarantee('a', 4)],
    evicts: ['b1'],
  },
  {
    name: 'not where the pool says Never',
    running: [run('b1', 'n0', 4, 10)],
    gang: asks(2),
    quotas: [guarantee('a', 4)],
    policy: 'Never',
  },
  { name: 'not for what it would only borrow itself', running: [run('b1', 'n0', 4, 10)], gang: asks(2) },
  {
    name: 'not beyond its guarantee',
    running: [run('b1', 'n0', 4, 10)],
    gang: asks(2),
    quotas: [guarantee('a', 1)],
  },
  {
    name: 'not from who holds no more than guaranteed',
    running: [run('b1', 'n0', 4, 10)],
    gang: asks(2),
    quotas: [guarantee('a', 4), guarantee('b', 4)],
  },
  {
    name: 'no more than what is borrowed: the other pod is guaranteed',
    running: [run('b1', 'n0', 2, 10), run('b2', 'n0', 2, 20)],
    gang: asks(4),
    quotas: [guarantee('a', 4), guarantee('b', 2)],
  },
  {
    name: 'the cheapest: fewest pod-minutes',
    running: [run('b1', 'n0', 2, 30), run('b2', 'n0', 2, 10)],
    gang: asks(2),
    quotas: [guarantee('a', 4)],
    evicts: ['b2'],
  },
  {
    name: 'one that is dearer by itself but cheaper than two together',
    running: [run('b1', 'n0', 1, 9), run('b2', 'n0', 1, 9), run('c1', 'n0', 2, 15)],
    gang: asks(2),
    quotas: [guarantee('a', 4)],
    evicts: ['c1'],
  },
  {
    name: 'fewest pods among equals',
    running: [run('b1', 'n0', 1, 0), run('b2', 'n0', 1, 0), run('c1', 'n0', 2, 0)],
    gang: asks(2),
    quotas: [guarantee('a', 4)],
    evicts: ['c1'],
  },
  {
    name: 'where room is scattered, all of one node and not some of each',
    nodes: 2,
    running: [run('b1', 'n0', 2, 5), run('b2', 'n0', 2, 50), run('c1', 'n1', 2, 6), run('c2', 'n1', 2, 7)],
    gang: asks(4),
    quotas: [guarantee('a', 8)],
    evicts: ['c1', 'c2'],
  },
  {
    name: 'a gang goes whole, even where one pod of it would do',
    nodes: 2,
    running: [run('b1', 'n0 n1', 4, 10)],
    gang: asks(4),
    quotas: [guarantee('a', 4)],
    evicts: ['b1'],
  },
  {
    name: 'a gang that waits gets room for all of its pods or none',
    nodes: 2,
    running: [run('b1', 'n0', 4, 1), run('c1', 'n1', 4, 9)],
    gang: asks(4, {}, 2),
    quotas: [guarantee('a', 8)],
    evicts: ['b1', 'c1'],
  },
  {
    name: 'nobody is evicted where it would not fit even then',
    running: [run('b1', 'n0', 2, 1), run('c1', 'n0', 2, 9)],
    gang: asks(4),
    quotas: [guarantee('a', 4), guarantee('c', 2)],
  },
  {
    name: 'a PodDisruptionBudget spares its pods, and another goes',
    running: [run('b1', 'n0', 2, 1, { budgets: ['ns/pdb'] }), run('c1', 'n0', 2, 9)],
    gang: asks(2),
    quotas: [guarantee('a', 4)],
    budgets: { 'ns/pdb': 0 },
    evicts: ['c1'],
  },
  {
    name: 'a budget is spent by all pods of a gang together',
    nodes: 2,
    running: [run('b1', 'n0 n1', 4, 1, { budgets: ['ns/pdb'] })],
    gang: asks(4),
    quotas: [guarantee('a', 4)],
    budgets: { 'ns/pdb': 1 },
  },
  {
    name: 'priority does not count where only borrowed room is taken',
    running: [run('a1', 'n0', 4, 1)],
    gang: asks(2, { priority: 10 }),
  },
  {
    name: 'priority: of its own tenant, who has less',
    running: [run('a1', 'n0', 2, 1, { priority: 10 }), run('a2', 'n0', 2, 60)],
    gang: asks(2, { priority: 10 }),
    policy: 'Priority',
    evicts: ['a2'],
  },
  {
    name: 'priority: of another tenant what is borrowed',
    running: [run('b1', 'n0', 4, 1)],
    gang: asks(2, { priority: 10 }),
    policy: 'Priority',
    evicts: ['b1'],
  },
  {
    name: 'priority alone takes nobody below his guarantee, not even with the last gang',
    running: [run('b1', 'n0', 4, 1)],
    gang: asks(2, { priority: 10 }),
    quotas: [guarantee('b', 3)],
    policy: 'Priority',
  },
  {
    name: 'priority: what is borrowed goes before who has less, though it costs more',
    running: [run('a1', 'n0', 2, 1), run('b1', 'n0', 2, 60)],
    gang: asks(2, { priority: 10 }),
    quotas: [guarantee('a', 4)],
    policy: 'Priority',
    evicts: ['b1'],
  },
  {
    name: 'not for pods that never preempt',
    running: [run('b1', 'n0', 4, 10)],
    gang: asks(2, { preempts: false }),
    quotas: [guarantee('a', 4)],
  },
  {
    name: 'pods that belong to no tenant hold nothing that is guaranteed',
    running: [run('b1', 'n0', 4, 10, { tenant: undefined })],
    gang: asks(2),
    quotas: [guarantee('a', 4)],
    evicts: ['b1'],
  },
  {
    name: 'its own limit holds: its lower pods make room in it too',
    running: [run('a1', 'n0', 2, 10)],
    gang: asks(2, { priority: 1 }),
    quotas: [guarantee('a', 0, { limitMilli: 3000 })],
    policy: 'Priority',
    evicts: ['a1'],
  },
  {
    name: 'not where it would run into a reservation',
    running: [run('b1', 'n0', 4, 10)],
    gang: asks(2),
    quotas: [guarantee('a', 4)],
    tenancy: {
      bookings: [
        { name: 'x', pool: 'main', tenant: 'z', milli: 4000, start: 60_000, end: 120_000, preemptible: false },
      ],
    },
  },
  {
    name: 'among many too: nine on one node of which two do',
    nodes: 3,
    running: [
      ...[0, 1, 2, 3].map((at) => run(`b${at}`, 'n0', 1, 20 + at)),
      ...[0, 1, 2, 3].map((at) => run(`c${at}`, 'n1', 1, 10 + at)),
      ...[0, 1, 2, 3].map((at) => run(`d${at}`, 'n2', 1, 15 + at)),
    ],
    gang: asks(2),
    quotas: [guarantee('a', 4)],
    evicts: ['c0', 'c1'],
  },
];

function world({ nodes = 1, running }: Pick<Row, 'nodes' | 'running'>) {
  const facts = Array.from({ length: nodes }, (_, at) =>
    testNode(`n${at}`, { pool: 'main', gpus: { count: 4, resource: 'nvidia.com/gpu', replicas: 1 } }),
  );
  const held = running.flatMap(({ name, on, gpus, tenant }) =>
    on.map((node, at): Holding => ({ ...testPod(`${name}-${at}`, gpus), node, tenant })),
  );
  const victims = running.map(({ name, on, tenant, minutes, priority = 0, budgets = [] }): Victim => {
    const pods = on.map((_, at) => ({ key: `${name}-${at}`, budgets }));
    return { gang: name, tenant, priority, pods, podMinutes: minutes };
  });
  const snapshot = createSnapshot(facts);
  for (const holding of held) hold(snapshot, holding);
  return { planner: createPlanner(snapshot, BEST_FIT), held: new Map(held.map((one) => [one.key, one])), victims };
}

describe('who is evicted', () => {
  it.each(rows)('$name', (row) => {
    const { planner, held, victims } = world(row);
    const found = planPreemption(planner, row.gang, {
      quotas: row.quotas ?? [],
      policies: new Map([['main', row.policy ?? 'BorrowedFirst']]),
      victims,
      held,
      tenancy: { ...tenancy, ...row.tenancy },
      disruptionsAllowed: new Map(Object.entries(row.budgets ?? {})),
    });
    expect(found?.victims.map(({ gang }) => gang)).toEqual(row.evicts);
    expect(found?.place.length).toBe(row.evicts === undefined ? undefined : row.gang.members.length);
  });
});
