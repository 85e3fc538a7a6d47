import { describe, expect, it } from 'vitest';
import { runPass, type Thing, thing } from '../../runtime/testing/index.ts';
import { NOW, node, pod, pool } from '../world.fixture.ts';
import { checkController } from './controller.ts';
import { AdmissionCheck, type CheckState, ResourceFlavor, Workload } from './kinds.ts';

const check = (controllerName: string): Thing =>
  thing(AdmissionCheck, { metadata: { name: 'place', uid: 'check', generation: 1 }, spec: { controllerName } });
const ours = check('gpuoptimizer.io/plan');
const rack = { labels: { rack: 'a', 'kubernetes.io/hostname': 'n1' } };
const racked = pool('main', { scheduling: { topology: { levels: ['rack'] } } });

interface Options {
  readonly count?: number;
  readonly gpus?: number;
  readonly state?: CheckState['state'];
  readonly quota?: 'True' | 'False';
  readonly flavors?: Readonly<Record<string, string>>;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly created?: string;
  readonly owner?: string;
}

function workload(name: string, options: Options = {}): Thing {
  const { count = 1, gpus = 8, state = 'Pending', quota = 'True', flavors, nodeSelector } = options;
  const limits = { 'nvidia.com/gpu': String(gpus) };
  return thing(Workload, {
    metadata: {
      name,
      namespace: 'acme',
      uid: `workload-${name}`,
      creationTimestamp: options.created ?? '2027-01-10T07:00:00Z',
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid: options.owner ?? name, controller: true }],
    },
    spec: {
      podSets: [
        {
          name: 'main',
          count,
          template: { spec: { nodeSelector, containers: [{ name: 'main', resources: { limits, requests: limits } }] } },
        },
      ],
    },
    status: {
      conditions: [{ type: 'QuotaReserved', status: quota }],
      admission: { podSetAssignments: [{ name: 'main', flavors }] },
      admissionChecks: [
        { name: 'place', state },
        { name: 'other', state: 'Pending' },
      ],
    },
  });
}

interface Row {
  readonly name: string;
  readonly world: readonly Thing[];
  /** State and the node selector of its pods, by workload. */
  readonly answers?: Readonly<Record<string, readonly [string, object?]>>;
}

const rows: readonly Row[] = [
  {
    name: 'a check of another controller is left alone',
    world: [check('kueue.x-k8s.io/provisioning-request'), node('n1'), pool(), workload('a')],
  },
  {
    name: 'a workload without quota is not answered',
    world: [ours, node('n1'), pool(), workload('a', { quota: 'False' })],
  },
  {
    name: 'one that was answered is not answered again',
    world: [ours, node('n1'), pool(), workload('a', { state: 'Ready' })],
  },
  {
    name: 'room on one node: its name',
    world: [ours, node('n1', rack), racked, workload('a')],
    answers: { a: ['Ready', { 'kubernetes.io/hostname': 'n1' }] },
  },
  {
    name: 'room in one rack: its label',
    world: [
      ours,
      node('n1', rack),
      node('n2', { labels: { rack: 'a', 'kubernetes.io/hostname': 'n2' } }),
      racked,
      workload('a', { count: 2 }),
    ],
    answers: { a: ['Ready', { rack: 'a' }] },
  },
  {
    name: 'keys that its pods have already are not given again',
    world: [
      ours,
      node('n1', { labels: { 'kubernetes.io/hostname': 'n1' } }),
      pool(),
      workload('a', { nodeSelector: { 'kubernetes.io/hostname': 'n1' } }),
    ],
    answers: { a: ['Ready'] },
  },
  {
    name: 'the labels of its flavour count',
    world: [
      ours,
      node('n1', { labels: { spot: 'true' } }),
      pool(),
      thing(ResourceFlavor, { metadata: { name: 'lasting', uid: 'f' }, spec: { nodeLabels: { spot: 'false' } } }),
      workload('a', { flavors: { 'nvidia.com/gpu': 'lasting' } }),
    ],
    answers: { a: ['Retry'] },
  },
  {
    name: 'no room: it gives its quota back',
    world: [ours, node('n1'), pool(), pod('r', { node: 'n1' }), workload('a')],
    answers: { a: ['Retry'] },
  },
  {
    name: 'room is promised once: to the older',
    world: [ours, node('n1'), pool(), workload('b'), workload('a', { created: '2027-01-10T06:00:00Z' })],
    answers: { a: ['Ready'], b: ['Retry'] },
  },
  {
    name: 'what was promised before and has no pods yet is still promised',
    world: [ours, node('n1'), pool(), workload('a', { state: 'Ready' }), workload('b')],
    answers: { b: ['Retry'] },
  },
  {
    name: 'what has its pods is counted by them',
    world: [
      ours,
      node('n1'),
      pool(),
      workload('a', { state: 'Ready', owner: 'j' }),
      pod('p', { node: 'n1', job: 'j' }),
      workload('b', { gpus: 7 }),
    ],
    answers: { b: ['Ready'] },
  },
  {
    name: 'pods that wait for the planner come first',
    world: [ours, node('n1'), pool(), pod('p'), workload('a')],
    answers: { a: ['Retry'] },
  },
];

describe('admission checks of Kueue', () => {
  it.each(rows)('$name', async ({ world, answers = {} }) => {
    const output = await runPass(checkController({ known: () => new Map() }), { world, now: NOW });
    const found = output.acts.flatMap((act) => {
      if (act.act !== 'applyStatus' || act.kind !== 'workloads.kueue.x-k8s.io') return [];
      const [state] = Reflect.get(Object(Reflect.get(act.body, 'status')), 'admissionChecks');
      const selector = state.podSetUpdates?.[0]?.nodeSelector;
      expect(state).toMatchObject({ name: 'place', message: expect.stringMatching(/./) });
      return [[act.key.replace('acme/', ''), selector === undefined ? [state.state] : [state.state, selector]]];
    });
    expect(Object.fromEntries(found)).toEqual(answers);
  });

  it('says that it answers, once', async () => {
    const first = await runPass(checkController({ known: () => new Map() }), { world: [ours], now: NOW });
    expect(first.acts).toMatchObject([{ act: 'applyStatus', kind: 'admissionchecks.kueue.x-k8s.io', key: 'place' }]);
    expect((await first.again()).acts).toEqual([]);
  });
});
