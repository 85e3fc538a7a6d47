import { describe, expect, it } from 'vitest';
import { kinds } from '../../api/index.ts';
import { Pod, PodDisruptionBudget } from '../../kube/index.ts';
import { type PassOutput, runPass, type Thing, thing } from '../../runtime/testing/index.ts';
import { newPlanner } from '../controller.fixture.ts';
import { NOW, node, pod, pool, tenant } from '../world.fixture.ts';
import { big, halves, type Moves, moving, type Rules, web } from './moving.fixture.ts';

const clock = { now: () => NOW.getTime(), monotonic: () => NOW.getTime(), sleep: async () => undefined };
const planner = () => newPlanner(clock);

const evicted = ({ acts }: PassOutput): readonly string[] =>
  acts.flatMap((act) => (act.act === 'evict' ? [act.key] : []));
const saidOf = (output: PassOutput): Moves | undefined =>
  output.get(kinds.GPUPool, { name: 'main' })?.status?.defragmentation;

interface Row {
  readonly name: string;
  readonly world: readonly Thing[];
  readonly evicts: readonly string[];
  readonly says?: Moves['state'];
}

const noon = [{ start: '12:00', durationSeconds: 3600 }];
const morning = [{ start: '07:30', durationSeconds: 3600 }];
const apply: Rules = { mode: 'Apply' };
const began = { pod: 'acme/o', from: 'n1', to: 'n2', waiting: 'pod/acme/w', podMinutes: 1 };
const record = { ...began, ...{ owner: 'rs-o', cpuMilli: 1000, memoryMiB: 1024 } };
const tenMinutesAgo = (at: number) => ({ ...record, uid: `${at}`, startTime: '2027-01-10T07:50:00Z', devices: [] });

const rows: readonly Row[] = [
  { name: 'only says what it would do', world: [...halves, moving(), big], evicts: [], says: 'Proposed' },
  {
    name: 'moves one where the pool says Apply',
    world: [...halves, moving(apply), big],
    evicts: ['acme/x'],
    says: 'Moving',
  },
  { name: 'does nothing where the pool says nothing', world: [...halves, pool(), big], evicts: [] },
  { name: 'does nothing where the pool says Off', world: [...halves, moving({ mode: 'Off' }), big], evicts: [] },
  {
    name: 'forgets what it said where the pool says Off',
    world: [...halves, moving({ mode: 'Off' }, { moves: [tenMinutesAgo(1)] }), big],
    evicts: [],
  },
  {
    name: 'moves nobody for a pod that just came',
    world: [...halves, moving(apply), pod('big', { gpus: 8 })],
    evicts: [],
    says: 'NothingToMove',
  },
  {
    name: 'waits for its window',
    world: [...halves, moving({ ...apply, windows: noon }), big],
    evicts: [],
    says: 'Waits',
  },
  {
    name: 'moves in its window',
    world: [...halves, moving({ ...apply, windows: morning }), big],
    evicts: ['acme/x'],
    says: 'Moving',
  },
  {
    name: 'waits once the moves of the hour are used',
    world: [...halves, moving({ ...apply, maxMovesPerHour: 2 }, { moves: [1, 2].map(tenMinutesAgo) }), big],
    evicts: [],
    says: 'Waits',
  },
  {
    name: 'does not pay more than the price',
    world: [...halves, moving({ ...apply, minGpusPerPodHour: 9 }), big],
    evicts: [],
    says: 'NothingToMove',
  },
  {
    name: 'leaves pods alone that nothing would make again',
    world: [
      ...halves.slice(0, 3),
      web('x', { node: 'n1', owner: '' }),
      web('y', { node: 'n2', owner: '' }),
      moving(apply),
      big,
    ],
    evicts: [],
    says: 'NothingToMove',
  },
  {
    name: 'takes another where a PodDisruptionBudget keeps one',
    world: [
      ...halves.slice(0, 3),
      web('x', { node: 'n1', labels: { app: 'x' } }),
      web('y', { node: 'n2' }),
      budget(),
      moving(apply),
      big,
    ],
    evicts: ['acme/y'],
    says: 'Moving',
  },
];

function budget(): Thing {
  return thing(PodDisruptionBudget, {
    metadata: { name: 'x', namespace: 'acme', uid: 'x', generation: 1 },
    spec: { selector: { matchLabels: { app: 'x' } } },
    status: { currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, disruptionsAllowed: 0, observedGeneration: 1 },
  });
}

describe('defragmentation', () => {
  it.each(rows)('$name', async ({ world, evicts, says }) => {
    const output = await runPass(planner(), { world, now: NOW });
    expect(evicted(output)).toEqual(evicts);
    expect(saidOf(output)?.state).toBe(says);
  });

  it('records and nominates before it evicts, and says so', async () => {
    const output = await runPass(planner(), { world: [...halves, moving(apply), big], now: NOW });
    const order = output.acts
      .filter(({ act }) => act === 'patch' || act === 'evict')
      .map(({ act, key }) => `${act} ${key}`);
    expect(order.slice(0, 3)).toEqual(['patch main', 'patch acme/big', 'evict acme/x']);
    expect(saidOf(output)).toMatchObject({ usableMilli: 8000, podMinutes: 60 });
    expect(saidOf(output)?.moves).toMatchObject([
      { pod: 'acme/x', uid: 'pod-x', from: 'n1', to: 'n2', waiting: 'pod/acme/big' },
    ]);
    expect(output.get(Pod, { namespace: 'acme', name: 'big' })?.status?.nominatedNodeName).toBe('n1');
    expect(output.events.map(({ reason }) => reason)).toEqual(expect.arrayContaining(['GPURoomMade', 'GPUPodMoved']));
  });

  const startTime = '2027-01-10T07:59:30Z';
  const devices = [{ resource: 'nvidia.com/gpu', count: 4 }];
  const underWay = moving(apply, {
    moves: [{ ...record, pod: 'acme/x', uid: 'pod-x', owner: 'rs-x', waiting: 'pod/acme/big', startTime, devices }],
  });

  function nominated(): Thing {
    const lastTransitionTime = startTime;
    const conditions = [
      { type: 'gpuoptimizer.io/Preemption', status: 'True', reason: 'VictimsEvicted', lastTransitionTime },
    ];
    const { kind, object } = pod('big', { gpus: 8, created: '2027-01-10T07:50:00Z', conditions });
    Object.assign(object, { status: { ...Reflect.get(object, 'status'), nominatedNodeName: 'n1' } });
    return { kind, object };
  }

  it('goes on where a leader was killed between recording and evicting', async () => {
    const output = await runPass(planner(), { world: [...halves, underWay, nominated()], now: NOW });
    expect(evicted(output)).toEqual(['acme/x']);
  });

  it('gives a move up for which nobody waits any more', async () => {
    const output = await runPass(planner(), { world: [...halves, underWay], now: NOW });
    expect(evicted(output)).toEqual([]);
  });

  const gone = [node('n1'), node('n2'), tenant('acme'), web('y', { node: 'n2' }), underWay, nominated()];
  const thief = pod('thief', { gpus: 4, created: '2027-01-10T07:40:00Z' });

  it('holds the room of a successor that has not come', async () => {
    const output = await runPass(planner(), { world: [...gone, thief], now: NOW });
    expect(releases(output)).toEqual({ 'acme/big': 'n1' });
  });

  it('gives the successor the room that was held for it', async () => {
    const successor = web('x2', { owner: 'rs-x', created: '2027-01-10T07:59:31Z' });
    const output = await runPass(planner(), { world: [...gone, thief, successor], now: NOW });
    expect(releases(output)).toEqual({ 'acme/big': 'n1', 'acme/x2': 'n2' });
  });

  it('holds nothing once the successor was let go, or after five minutes', async () => {
    const there = web('x2', { owner: 'rs-x', created: '2027-01-10T07:59:31Z', node: 'n2' });
    const done = await runPass(planner(), { world: [...gone, node('n3'), there, thief], now: NOW });
    expect(releases(done)).toEqual({ 'acme/big': 'n1', 'acme/thief': 'n3' });
    const late = await runPass(planner(), { world: [...gone, thief], now: new Date(NOW.getTime() + 300_000) });
    expect(Object.keys(releases(late))).toContain('acme/thief');
  });
});

/** The nodes to which a pass released pods. */
function releases(output: PassOutput): Readonly<Record<string, string>> {
  const released = output.acts.flatMap((act) =>
    act.act === 'patch' && act.kind === 'pods' && act.patch.subresource === undefined ? [act.key] : [],
  );
  return Object.fromEntries(
    released.map((key) => {
      const [namespace = '', name = ''] = key.split('/');
      const required = output.get(Pod, { namespace, name })?.spec?.affinity?.nodeAffinity;
      const [term] = required?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
      return [key, term?.matchFields?.[0]?.values?.[0] ?? ''];
    }),
  );
}
