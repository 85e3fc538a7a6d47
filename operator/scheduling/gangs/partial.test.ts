import { describe, expect, it } from 'vitest';
import { kinds } from '../../api/index.ts';
import { runPass, type Thing } from '../../runtime/testing/index.ts';
import { newPlanner } from '../controller.fixture.ts';
import { planId } from '../names.ts';
import { job, NOW, node, pod, pool } from '../world.fixture.ts';

const clock = { now: () => NOW.getTime(), monotonic: () => NOW.getTime(), sleep: async () => undefined };

type PodOptions = NonNullable<Parameters<typeof pod>[1]>;

const ago = (millis: number): PodOptions => ({
  job: 'j',
  labels: { 'gpuoptimizer.io/plan': planId(new Date(NOW.getTime() - millis)) },
});
const late = ago(20_000);
const young = ago(5_000);
const bound = (options: PodOptions): PodOptions => ({ ...options, node: 'n1' });
const refused = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }];
const waiting = (options: PodOptions, more: PodOptions = {}): PodOptions => ({
  ...options,
  ...more,
  gates: [],
  spec: {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }],
        },
      },
    },
  },
});
const evicting = pool('main', { scheduling: { gang: { bindTimeoutSeconds: 10, onPartialBind: 'Evict' } } });
const patient = pool('main', { scheduling: { gang: { bindTimeoutSeconds: 10, onPartialBind: 'Wait' } } });

interface Row {
  readonly name: string;
  readonly world: readonly Thing[];
  readonly reported?: boolean;
  readonly evicted?: readonly string[];
}

const rows: readonly Row[] = [
  { name: 'a gang that runs whole', world: [evicting, job('j', 2), pod('a', bound(late)), pod('b', bound(late))] },
  {
    name: 'a part is not bound yet, in time',
    world: [evicting, job('j', 2), pod('a', bound(young)), pod('b', waiting(young))],
  },
  {
    name: 'a part is not bound in time: said only',
    world: [patient, job('j', 2), pod('a', bound(late)), pod('b', waiting(late))],
    reported: true,
  },
  {
    name: 'a part is not bound in time: all of it goes, what runs first',
    world: [evicting, job('j', 2), pod('a', bound(late)), pod('b', waiting(late))],
    reported: true,
    evicted: ['a', 'b'],
  },
  {
    name: 'none is bound and none was looked at: nothing is taken back',
    world: [evicting, job('j', 2), pod('a', waiting(late)), pod('b', waiting(late))],
    reported: true,
  },
  {
    name: 'none is bound and kube-scheduler refused one',
    world: [evicting, job('j', 2), pod('a', waiting(late)), pod('b', waiting(late, { conditions: refused }))],
    reported: true,
    evicted: ['a', 'b'],
  },
  {
    name: 'a member is gone and does not come back',
    world: [evicting, job('j', 2), pod('a', bound(late))],
    reported: true,
  },
  {
    name: 'the time of a member that was released anew counts',
    world: [evicting, job('j', 2), pod('a', bound(late)), pod('b', waiting(young))],
  },
  {
    name: 'an elastic gang with what it needs is whole',
    world: [
      evicting,
      job('j', 3),
      ...['a', 'b'].map((name) => pod(name, { ...bound(late), annotations: { 'gpuoptimizer.io/gang-min': '2' } })),
      pod('c', waiting(late, { annotations: { 'gpuoptimizer.io/gang-min': '2' } })),
    ],
  },
  {
    name: 'the last pods of a Job',
    world: [evicting, job('j', 2, 1), pod('a', { ...bound(late), phase: 'Succeeded' }), pod('b', bound(late))],
  },
  { name: 'a pod that starts alone', world: [evicting, pod('a', { ...waiting(late), job: undefined })] },
];

describe('a gang that does not run whole', () => {
  it.each(rows)('$name', async ({ world, reported = false, evicted = [] }) => {
    const controller = newPlanner(clock);
    const output = await runPass(controller, { world: [node('n1'), ...world], now: NOW });
    expect(output.events.some(({ reason }) => reason === 'GPUGangIncomplete')).toBe(reported);
    expect(output.acts.flatMap((act) => (act.act === 'evict' ? [act.key.replace('acme/', '')] : []))).toEqual(evicted);
    expect(output.get(kinds.GPUPool, { name: 'main' })).toBeDefined();
  });
});
