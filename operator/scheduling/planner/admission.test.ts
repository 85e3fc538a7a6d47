import { describe, expect, it } from 'vitest';
import { plan } from './plan.ts';
import { BEST_FIT, testGang, testNode, testPod } from './planner.fixture.ts';
import type { Gang, Holding, PlanInput, Quota, Tenancy } from './types.ts';

const NOW = Date.parse('2027-01-10T08:00:00Z');
const HOUR = 3_600_000;

const tenancy = (over: Partial<Tenancy> = {}): Tenancy => ({
  now: NOW,
  usage: [],
  weights: new Map(),
  reclaims: new Set(['main']),
  bookings: [],
  ends: new Map(),
  fixed: new Set(),
  ...over,
});

/** `a2` is a gang of tenant a that asks for 2 GPUs; what stands behind a colon tells equals apart. */
function gangs(...names: readonly string[]): Gang[] {
  return names.map((name, at) => gang(name, at));
}

function gang(name: string, since: number, over: Partial<Gang> = {}): Gang {
  const [asked = ''] = name.split(':');
  return testGang(name, [testPod(name, Number(asked.slice(1)))], { tenant: asked[0], since, ...over });
}

function held(name: string, node = 'n0'): Holding {
  const [asked = ''] = name.split(':');
  return { ...testPod(name, Number(asked.slice(1))), node, tenant: asked[0] };
}

const quota = (tenant: string, over: Partial<Quota> = {}): Quota => ({
  tenant,
  pool: 'main',
  limitMilli: Number.POSITIVE_INFINITY,
  ...over,
});

interface Row {
  readonly name: string;
  readonly gpus?: number;
  readonly queue: readonly Gang[];
  readonly held?: readonly Holding[];
  readonly quotas?: readonly Quota[];
  readonly tenancy?: Partial<Tenancy>;
  /** Names of gangs that start, in the order in which they were placed. */
  readonly starts: readonly string[];
  /** Blockers of those that wait. */
  readonly waits?: Readonly<Record<string, string>>;
  readonly says?: readonly string[];
}

const rows: readonly Row[] = [
  {
    name: 'tenants that borrow take turns, the one with less goes first',
    gpus: 4,
    queue: gangs('a1:1', 'a1:2', 'a1:3', 'b1:1', 'b1:2'),
    starts: ['a1:1', 'b1:1', 'a1:2', 'b1:2'],
    waits: { 'a1:3': 'Capacity' },
  },
  {
    name: 'a weight of three gets three times as much',
    gpus: 4,
    queue: gangs('a1:1', 'a1:2', 'a1:3', 'a1:4', 'b1:1', 'b1:2', 'b1:3', 'b1:4'),
    quotas: [quota('a', { weight: 3 }), quota('b')],
    starts: ['a1:1', 'b1:1', 'a1:2', 'a1:3'],
  },
  {
    name: 'who used much before waits behind who did not',
    gpus: 2,
    queue: gangs('a1:1', 'a1:2', 'b1:1', 'b1:2'),
    tenancy: {
      usage: [{ tenant: 'a', pool: 'main', average: { gpuMilli: 1500, cpuMilli: 0, memoryMiB: 0 } }],
    },
    starts: ['b1:1', 'b1:2'],
  },
  {
    name: 'CPU is a share too where it dominates',
    gpus: 2,
    queue: gangs('a1', 'b1'),
    held: [{ ...held('a0'), cpuMilli: 60_000, memoryMiB: 0, gpus: [] }],
    starts: ['b1', 'a1'],
  },
  {
    name: 'a guarantee goes before any borrowing, whoever waits longer',
    gpus: 2,
    queue: gangs('a1:1', 'a1:2', 'b1:1', 'b1:2'),
    quotas: [quota('b', { guaranteedMilli: 2000 })],
    starts: ['b1:1', 'b1:2'],
  },
  {
    name: 'within guarantees priority goes first',
    gpus: 2,
    queue: [gang('a1', 0), gang('b2', 1, { priority: 5 })],
    quotas: [quota('a', { guaranteedMilli: 2000 }), quota('b', { guaranteedMilli: 2000 })],
    starts: ['b2'],
  },
  {
    name: 'a cap on priority brings it back to age',
    gpus: 2,
    queue: [gang('a1', 0), gang('b2', 1, { priority: 5 })],
    quotas: [quota('a', { guaranteedMilli: 2000 }), quota('b', { guaranteedMilli: 2000, maxPriority: 0 })],
    starts: ['a1'],
  },
  {
    name: 'the rest of a gang that started goes before all, and its priority is not capped',
    gpus: 1,
    queue: [gang('a1', 0, { priority: 9 }), gang('b1', 1, { priority: 2_000_002_000 })],
    quotas: [quota('a', { guaranteedMilli: 1000 }), quota('b', { maxPriority: 0 })],
    starts: ['b1'],
  },
  {
    name: 'who may not borrow stops at the guarantee',
    queue: gangs('a1:1', 'a1:2'),
    quotas: [quota('a', { guaranteedMilli: 1000, borrows: false })],
    starts: ['a1:1'],
    waits: { 'a1:2': 'Quota' },
    says: ['may not borrow', 'guaranteed 1 GPU'],
  },
  {
    name: 'what is not lent stays idle for its owner',
    gpus: 4,
    queue: gangs('b1:1', 'b1:2', 'b1:3'),
    quotas: [quota('a', { guaranteedMilli: 3000, lendMilli: 1000 }), quota('b')],
    starts: ['b1:1', 'b1:2'],
    waits: { 'b1:3': 'Quota' },
    says: ['keep to themselves'],
  },
  {
    name: 'the owner itself has all of it',
    gpus: 4,
    queue: gangs('a1:1', 'a1:2', 'a1:3'),
    quotas: [quota('a', { guaranteedMilli: 3000, lendMilli: 1000 })],
    starts: ['a1:1', 'a1:2', 'a1:3'],
  },
  {
    name: 'a limit holds for guaranteed and borrowed together',
    queue: gangs('a1:1', 'a1:2', 'a1:3'),
    quotas: [quota('a', { guaranteedMilli: 1000, limitMilli: 2000 })],
    starts: ['a1:1', 'a1:2'],
    waits: { 'a1:3': 'Quota' },
    says: ['limit of 2 GPUs'],
  },
  {
    name: 'a reservation that comes keeps out what would not have ended, and what does not say',
    gpus: 2,
    queue: [
      gang('a1:long', 0, { runs: { p50: HOUR, p90: 3 * HOUR, basis: 'declared' } }),
      gang('a1:unknown', 1),
      gang('a1:short', 2, { runs: { p50: HOUR, p90: HOUR, basis: 'declared' } }),
    ],
    tenancy: { bookings: [booking(2, 2)] },
    starts: ['a1:short'],
    waits: { 'a1:long': 'Reservation', 'a1:unknown': 'Reservation' },
    says: ['keeps 2 GPUs for tenant z from 2027-01-10 10:00 UTC'],
  },
  {
    name: 'it leaves alone what is beyond it',
    gpus: 3,
    queue: gangs('a1:1', 'a1:2'),
    tenancy: { bookings: [booking(2, 2)] },
    starts: ['a1:1'],
    waits: { 'a1:2': 'Reservation' },
  },
  {
    name: 'preemptible ones may run into a reservation that takes them',
    gpus: 2,
    queue: [gang('a1:plain', 0), gang('a1:fixed', 1, { evictable: false })],
    tenancy: { bookings: [{ ...booking(2, 2), preemptible: true }] },
    starts: ['a1:plain'],
    waits: { 'a1:fixed': 'Reservation' },
  },
  {
    name: 'once it has begun only its tenant gets the GPUs',
    gpus: 2,
    queue: [gang('a1', 0, { runs: { p50: 1, p90: 1, basis: 'declared' } }), gang('z2', 1)],
    tenancy: { bookings: [booking(-1, 2)] },
    starts: ['z2'],
  },
  {
    name: 'what runs already is not to blame: it ends before, so there is room',
    gpus: 2,
    queue: [gang('a1', 0, { runs: { p50: HOUR, p90: HOUR, basis: 'declared' } })],
    held: [held('b1')],
    tenancy: { bookings: [booking(2, 2)], ends: new Map([['b1', NOW + HOUR]]) },
    starts: ['a1'],
  },
  {
    name: 'the first that waits for room is not delayed by what starts behind it',
    gpus: 4,
    held: [held('c3')],
    queue: [
      gang('a4', 0, { priority: 1 }),
      gang('b1:long', 1, { runs: { p50: HOUR, p90: 3 * HOUR, basis: 'history' } }),
      gang('b1:short', 2, { runs: { p50: HOUR, p90: 2 * HOUR, basis: 'history' } }),
    ],
    tenancy: { ends: new Map([['c3', NOW + 2 * HOUR]]) },
    starts: ['b1:short'],
    waits: { a4: 'Capacity', 'b1:long': 'Reservation' },
    says: ['a4 waits before it and is expected to start at 2027-01-10 10:00 UTC'],
  },
  {
    name: 'what leaves room beside its place starts',
    gpus: 4,
    held: [held('c3')],
    queue: [gang('a3', 0, { priority: 1 }), gang('b1', 1)],
    tenancy: { ends: new Map([['c3', NOW + 2 * HOUR]]) },
    starts: ['b1'],
    waits: { a3: 'Capacity' },
  },
  {
    name: 'where nothing is known of ends, nobody is kept waiting for it',
    gpus: 4,
    held: [held('c3')],
    queue: [gang('a4', 0, { priority: 1 }), gang('b1', 1)],
    starts: ['b1'],
  },
];

function booking(fromHours: number, gpus: number): Tenancy['bookings'][number] {
  const start = NOW + fromHours * HOUR;
  const times = { start, end: start + 4 * HOUR };
  return { name: 'night', pool: 'main', tenant: 'z', milli: gpus * 1000, preemptible: false, ...times };
}

function input({ gpus = 8, queue, held: holdings = [], quotas = [], tenancy: over }: Row): PlanInput {
  const facts = testNode('n0', { pool: 'main', gpus: { count: gpus, resource: 'nvidia.com/gpu', replicas: 1 } });
  return {
    nodes: [facts],
    held: holdings,
    queue,
    quotas,
    tenancy: tenancy(over),
    policy: BEST_FIT,
    explain: 'blocker',
  };
}

describe('who is admitted', () => {
  it.each(rows)('$name', (row) => {
    const { place, waiting } = plan(input(row));
    expect(place.map(({ gang: key }) => key)).toEqual(row.starts);
    const blockers = Object.fromEntries(waiting.map(({ gang: key, blocker }) => [key, blocker]));
    expect(blockers).toMatchObject(row.waits ?? {});
    const sentences = waiting.map(({ sentence }) => sentence).join('\n');
    for (const words of row.says ?? []) expect(sentences).toContain(words);
  });

  it('leaves the order of the queue alone where nobody says how tenants share', () => {
    const { tenancy: _without, ...rest } = input({
      name: '',
      gpus: 2,
      queue: gangs('a1:1', 'a1:2', 'b1:1'),
      starts: [],
    });
    expect(plan(rest).place.map(({ gang: key }) => key)).toEqual(['a1:1', 'a1:2']);
  });
});
