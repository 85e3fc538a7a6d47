import { describe, expect, it } from 'vitest';
import { kinds, type Tenant } from '../../api/index.ts';
import { Pod, PodDisruptionBudget } from '../../kube/index.ts';
import { type PassOutput, runPass, type Thing, thing } from '../../runtime/testing/index.ts';
import { newPlanner } from '../controller.fixture.ts';
import { NOW, node, pod, pool } from '../world.fixture.ts';

const clock = { now: () => NOW.getTime(), monotonic: () => NOW.getTime(), sleep: async () => undefined };
const planner = () => newPlanner(clock);
const PLANNED = { 'gpuoptimizer.io/plan': '20270110T070000.000Z' };

type Quota = Omit<NonNullable<Tenant['spec']['quotas']>[number], 'pool'>;

function tenant(name: string, quota?: Quota): Thing {
  return thing(kinds.Tenant, {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'Tenant',
    metadata: { name, uid: `tenant-${name}`, generation: 1, creationTimestamp: '2027-01-01T00:00:00Z' },
    spec: { selector: { namespaces: [name] }, quotas: quota === undefined ? [] : [{ pool: 'main', ...quota }] },
  });
}

type Options = NonNullable<Parameters<typeof pod>[1]>;

/** A pod of tenant b that holds GPUs on n1. */
const borrower = (name: string, gpus: number, over: Options = {}): Thing =>
  pod(name, { namespace: 'b', gpus, node: 'n1', ...over, labels: { ...PLANNED, ...over.labels } });

function budget(name: string, disruptionsAllowed: number): Thing {
  return thing(PodDisruptionBudget, {
    metadata: { name, namespace: 'b', uid: name, generation: 1 },
    spec: { selector: { matchLabels: { app: name } } },
    status: { currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, disruptionsAllowed, observedGeneration: 1 },
  });
}

const evicted = ({ acts }: PassOutput): readonly string[] =>
  acts.flatMap((act) => (act.act === 'evict' ? [act.key] : []));

const entitled = [pool(), tenant('a', { guaranteed: 8 }), tenant('b')];
const asking = pod('p', { namespace: 'a', gpus: 4 });

interface Row {
  readonly name: string;
  readonly world: readonly Thing[];
  readonly evicts: readonly string[];
}

const rows: readonly Row[] = [
  {
    name: 'takes back what is guaranteed',
    world: [node('n1'), ...entitled, borrower('x', 8), asking],
    evicts: ['b/x'],
  },
  {
    name: 'evicts nobody while there is room',
    world: [node('n1'), ...entitled, borrower('x', 4), asking],
    evicts: [],
  },
  {
    name: 'evicts nobody for room that comes anyway',
    world: [node('n1'), ...entitled, borrower('x', 4), leaving('y', 4), asking],
    evicts: [],
  },
  {
    name: 'evicts nobody for a tenant without a guarantee',
    world: [node('n1'), pool(), tenant('a'), tenant('b'), borrower('x', 8), asking],
    evicts: [],
  },
  {
    name: 'leaves pods alone that ask not to be disturbed',
    world: [
      node('n1'),
      ...entitled,
      borrower('x', 4, { annotations: { 'karpenter.sh/do-not-disrupt': 'true' } }),
      borrower('y', 4, { annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' } }),
      asking,
    ],
    evicts: [],
  },
  {
    name: 'leaves pods alone that somebody else placed',
    world: [node('n1'), ...entitled, pod('x', { namespace: 'b', gpus: 8, node: 'n1' }), asking],
    evicts: [],
  },
  {
    name: 'respects a PodDisruptionBudget and takes another',
    world: [
      node('n1'),
      ...entitled,
      budget('web', 0),
      borrower('x', 4, { labels: { app: 'web' } }),
      borrower('y', 4),
      asking,
    ],
    evicts: ['b/y'],
  },
  {
    name: 'evicts for nobody who is held by other gates',
    world: [
      node('n1'),
      ...entitled,
      borrower('x', 8),
      pod('p', { namespace: 'a', gpus: 4, gates: ['gpuoptimizer.io/plan', 'example.com/wait'] }),
    ],
    evicts: [],
  },
  {
    name: 'evicts a gang whole',
    world: [
      node('n1'),
      node('n2'),
      ...entitled,
      ...['x', 'y'].map((name, at) =>
        borrower(name, 8, {
          node: `n${at + 1}`,
          annotations: { 'gpuoptimizer.io/gang': 'g', 'gpuoptimizer.io/gang-size': '2' },
        }),
      ),
      asking,
    ],
    evicts: ['b/x', 'b/y'],
  },
];

function leaving(name: string, gpus: number): Thing {
  const { kind, object } = borrower(name, gpus);
  return { kind, object: { ...object, metadata: { ...object.metadata, deletionTimestamp: '2027-01-10T07:59:50Z' } } };
}

describe('preemption', () => {
  it.each(rows)('$name', async ({ world, evicts }) => {
    const output = await runPass(planner(), { world, now: NOW });
    expect([...evicted(output)].sort()).toEqual(evicts);
  });

  it('says on both whom it is for, and nominates before it evicts', async () => {
    const world = [node('n1'), ...entitled, borrower('x', 8), asking];
    const output = await runPass(planner(), { world, now: NOW });
    const { acts, events, get } = output;
    const said = 'Evicted to make its place: b/x.';
    const order = acts.filter(({ act }) => act === 'patch' || act === 'evict').map(({ act, key }) => `${act} ${key}`);
    expect(order.slice(0, 2)).toEqual(['patch a/p', 'evict b/x']);
    expect(get(Pod, { namespace: 'a', name: 'p' })?.status).toMatchObject({
      nominatedNodeName: 'n1',
    });
    expect(conditions(output)).toContainEqual(
      expect.objectContaining({ type: 'gpuoptimizer.io/Preemption', status: 'True', message: said }),
    );
    const notes = events.map(({ reason, note }) => `${reason}: ${note}`);
    expect(notes).toContain(`GPUPreempting: ${said}`);
    expect(notes.find((note) => note.startsWith('GPUPreempted'))).toContain('for a/p of tenant a');
  });

  it('holds the room for whom it was made until it is free, and evicts nobody more', async () => {
    const world = [node('n1'), ...entitled, tenant('c', { guaranteed: 8 }), borrower('x', 8), asking];
    const controller = planner();
    const first = await runPass(controller, { world, now: NOW });
    expect(evicted(first)).toEqual(['b/x']);
    const second = await first.again({
      change: (api) => {
        api.seed('pods', leavingNow(first));
        api.seed('pods', pod('thief', { namespace: 'c', gpus: 2 }).object);
      },
    });
    expect(evicted(second)).toEqual([]);
    expect(released(second)).toEqual([]);
  });

  it('gives the place up after five minutes and does not ask again at once', async () => {
    const world = [node('n1'), ...entitled, borrower('x', 8), asking];
    const first = await runPass(planner(), { world, now: NOW });
    const later = new Date(NOW.getTime() + 301_000);
    const second = await first.again({ now: later });
    expect(evicted(second)).toEqual([]);
    expect(second.get(Pod, { namespace: 'a', name: 'p' })?.status?.nominatedNodeName).toBeUndefined();
    expect(second.events.map(({ reason }) => reason)).toContain('GPUPreemptionFailed');
  });

  it('goes on where a leader was killed between nominating and evicting', async () => {
    const nominated = pod('p', {
      namespace: 'a',
      gpus: 4,
      conditions: [
        {
          type: 'gpuoptimizer.io/Preemption',
          status: 'True',
          reason: 'VictimsEvicted',
          lastTransitionTime: '2027-01-10T07:59:30Z',
        },
      ],
    });
    Object.assign(nominated.object, {
      status: { ...Reflect.get(nominated.object, 'status'), nominatedNodeName: 'n1' },
    });
    const world = [node('n1'), ...entitled, borrower('x', 8), nominated];
    expect(evicted(await runPass(planner(), { world, now: NOW }))).toEqual(['b/x']);
  });
});

function leavingNow(output: PassOutput) {
  const before = output.get(Pod, { namespace: 'b', name: 'x' });
  const victim = before ?? borrower('x', 8).object;
  return { ...victim, metadata: { ...victim.metadata, deletionTimestamp: '2027-01-10T08:00:00Z' } };
}

function released({ acts }: PassOutput): readonly string[] {
  return acts.flatMap((act) =>
    act.act === 'patch' && act.kind === 'pods' && act.patch.subresource === undefined ? [act.key] : [],
  );
}

function conditions(output: PassOutput) {
  return output.get(Pod, { namespace: 'a', name: 'p' })?.status?.conditions;
}
