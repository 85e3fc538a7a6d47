import { describe, expect, it } from 'vitest';
import { type PassOutput, runPass, type Thing } from '../runtime/testing/index.ts';
import { newPlanner } from './controller.fixture.ts';
import { planId } from './names.ts';
import { job, NOW, node, pod, pool, tenant } from './world.fixture.ts';

const clock = { now: () => NOW.getTime(), monotonic: () => NOW.getTime(), sleep: async () => undefined };

function planner() {
  return newPlanner(clock);
}

/** Released pods and the node each was pinned to; `any` for one that kube-scheduler may place. */
function releases({ acts }: PassOutput): Record<string, string> {
  const found: Record<string, string> = {};
  for (const act of acts) {
    if (act.act !== 'patch' || act.kind !== 'pods' || act.patch.subresource === 'status') continue;
    const pinned = /"metadata\.name","operator":"In","values":\["([^"]+)"\]/.exec(JSON.stringify(act.patch.body));
    found[act.key.replace('acme/', '')] = pinned?.[1] ?? 'any';
  }
  return found;
}

/** Reasons written on waiting pods. */
function reasons({ acts }: PassOutput): Record<string, string> {
  const found: Record<string, string> = {};
  for (const act of acts) {
    if (act.act !== 'patch' || act.patch.subresource !== 'status') continue;
    const condition = /"status":"(True|False)","reason":"(\w+)"/.exec(JSON.stringify(act.patch.body));
    if (condition?.[2] !== undefined) found[act.key.replace('acme/', '')] = condition[2];
  }
  return found;
}

interface Row {
  readonly name: string;
  readonly world: readonly Thing[];
  readonly released?: Record<string, string>;
  readonly waits?: Record<string, string>;
}

const released = { 'gpuoptimizer.io/plan': planId(new Date(NOW.getTime() - 5_000)) };
const long = { 'gpuoptimizer.io/plan': planId(new Date(NOW.getTime() - 90_000)) };
const pinnedTo = (name: string) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] }],
      },
    },
  },
});
const unschedulable = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }];
const gang = { 'gpuoptimizer.io/gang': 'g', 'gpuoptimizer.io/gang-size': '2' };
const gangOfThree = { ...gang, 'gpuoptimizer.io/gang-size': '3' };

const rows: readonly Row[] = [
  { name: 'a pod that fits is released to its node', world: [node('n1'), pool(), pod('p')], released: { p: 'n1' } },
  {
    name: 'a pod beyond capacity waits for it',
    world: [node('n1', { gpus: 1 }), pool(), pod('r', { node: 'n1' }), pod('p')],
    waits: { p: 'Capacity' },
  },
  {
    name: 'a pod that asks for more than any node has waits for the shape',
    world: [node('n1', { gpus: 4 }), node('n2', { gpus: 4 }), pool(), pod('p', { gpus: 8 })],
    waits: { p: 'Shape' },
  },
  {
    name: 'a finished pod holds nothing',
    world: [node('n1', { gpus: 1 }), pool(), pod('done', { node: 'n1', phase: 'Succeeded' }), pod('p')],
    released: { p: 'n1' },
  },
  {
    name: 'without a pool nothing is placed',
    world: [node('n1'), pod('p')],
    waits: { p: 'Policy' },
  },
  {
    name: 'nodes outside every pool are left alone',
    world: [node('n1', { labels: { 'nvidia.com/gpu.present': 'false' } }), pool(), pod('p')],
    waits: { p: 'Shape' },
  },
  {
    name: 'a cordoned node takes nothing',
    world: [node('n1', { cordoned: true }), pool(), pod('p')],
    waits: { p: 'Health' },
  },
  {
    name: 'a node whose driver is upgraded takes nothing',
    world: [node('n1', { labels: { 'nvidia.com/gpu-driver-upgrade-state': 'drain-required' } }), pool(), pod('p')],
    waits: { p: 'Health' },
  },
  {
    name: 'a foreign gate holds the pod and ours stays',
    world: [node('n1'), pool(), pod('p', { gates: ['gpuoptimizer.io/plan', 'example.com/quota'] })],
    waits: { p: 'ForeignGate' },
  },
  {
    name: 'a taint keeps the pod away, a toleration lets it in',
    world: [
      node('n1', { taints: [{ key: 'nvidia.com/gpu', effect: 'NoSchedule' }] }),
      pool(),
      pod('p', { spec: { tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists' }] } }),
      pod('q'),
    ],
    released: { p: 'n1' },
    waits: { q: 'Topology' },
  },
  {
    name: 'CPU of other pods counts',
    world: [node('n1', { cpu: '4' }), pool(), pod('r', { node: 'n1', gpus: 0, cpu: '3' }), pod('p', { cpu: '2' })],
    waits: { p: 'Capacity' },
  },
  {
    name: 'required affinity is respected and kept',
    world: [
      node('n1'),
      node('n2', { labels: { zone: 'b' } }),
      pool(),
      pod('p', {
        spec: {
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['b'] }] }],
              },
            },
          },
        },
      }),
    ],
    released: { p: 'n2' },
  },
  {
    name: 'a gang starts together',
    world: [node('n1'), pool(), job('j', 2), pod('a', { job: 'j', gpus: 4 }), pod('b', { job: 'j', gpus: 4 })],
    released: { a: 'n1', b: 'n1' },
  },
  {
    name: 'a gang of which one does not fit waits whole, and what is behind it goes',
    world: [
      node('n1'),
      pool(),
      job('j', 2),
      pod('a', { job: 'j', gpus: 5, created: '2027-01-10T07:00:00Z' }),
      pod('b', { job: 'j', gpus: 5, created: '2027-01-10T07:00:00Z' }),
      pod('c'),
    ],
    released: { c: 'n1' },
    waits: { a: 'Capacity', b: 'Capacity' },
  },
  {
    name: 'a gang waits for its missing members',
    world: [node('n1'), pool(), job('j', 3), pod('a', { job: 'j' }), pod('b', { job: 'j' })],
    waits: { a: 'Data', b: 'Data' },
  },
  {
    name: 'the last wave of a Job is smaller than its parallelism',
    world: [node('n1'), pool(), job('j', 4, 8, 10), pod('a', { job: 'j' }), pod('b', { job: 'j' })],
    released: { a: 'n1', b: 'n1' },
  },
  {
    name: 'a gang by annotation waits for its size',
    world: [node('n1'), pool(), pod('a', { annotations: gang })],
    waits: { a: 'Data' },
  },
  {
    name: 'a running member without a GPU starts no gang; it counts as one that exists',
    world: [
      node('n1'),
      pool(),
      pod('leader', { gpus: 0, node: 'n1', annotations: gangOfThree }),
      pod('worker-1', { annotations: gangOfThree }),
    ],
    waits: { 'worker-1': 'Data' },
  },
  {
    name: 'a gang whose member without a GPU runs starts when the rest is there',
    world: [
      node('n1'),
      pool(),
      pod('leader', { gpus: 0, node: 'n1', annotations: gangOfThree }),
      pod('worker-1', { annotations: gangOfThree }),
      pod('worker-2', { annotations: gangOfThree }),
    ],
    released: { 'worker-1': 'n1', 'worker-2': 'n1' },
  },
  {
    name: 'the rest of a gang that was half released goes before older pods',
    world: [
      node('n1', { gpus: 2 }),
      pool(),
      job('j', 2),
      pod('a', { job: 'j', gates: [], labels: released, spec: pinnedTo('n1') }),
      pod('b', { job: 'j' }),
      pod('old', { created: '2027-01-01T00:00:00Z', priority: 1000 }),
    ],
    released: { b: 'n1' },
    waits: { old: 'Capacity' },
  },
  {
    name: 'a released pod holds its room until it is bound',
    world: [node('n1', { gpus: 1 }), pool(), pod('a', { gates: [], labels: released, spec: pinnedTo('n1') }), pod('p')],
    waits: { p: 'Capacity' },
  },
  {
    name: 'a released pod that kube-scheduler has not looked at keeps its room for ever',
    world: [node('n1', { gpus: 1 }), pool(), pod('a', { gates: [], labels: long, spec: pinnedTo('n1') }), pod('p')],
    waits: { p: 'Capacity' },
  },
  {
    name: 'a released pod that was refused for a minute gives its room away',
    world: [
      node('n1', { gpus: 1 }),
      pool(),
      pod('a', { gates: [], labels: long, spec: pinnedTo('n1'), conditions: unschedulable }),
      pod('p'),
    ],
    released: { p: 'n1' },
  },
  {
    name: 'a tenant at its limit waits for quota, another does not',
    world: [
      node('n1'),
      pool(),
      tenant('acme', 2),
      pod('r', { node: 'n1', gpus: 1 }),
      pod('s', { gates: [], labels: released, spec: pinnedTo('n1') }),
      pod('p'),
      pod('q', { namespace: 'umbrella' }),
    ],
    released: { 'umbrella/q': 'n1' },
    waits: { p: 'Quota' },
  },
  {
    name: 'MIG devices are placed by name and counted by slice',
    world: [
      node('n1', { gpus: 1, resources: { 'nvidia.com/mig-1g.10gb': '7' } }),
      pool(),
      tenant('acme', 1),
      pod('p', { resource: 'nvidia.com/mig-1g.10gb', gpus: 7 }),
      pod('q', { resource: 'nvidia.com/mig-3g.40gb' }),
    ],
    released: { p: 'n1' },
    waits: { q: 'Shape' },
  },
  {
    name: 'time-slices are placed under the shared name',
    world: [
      node('n1', {
        gpus: 1,
        resources: { 'nvidia.com/gpu.shared': '4' },
        labels: { 'nvidia.com/gpu.replicas': '4', 'nvidia.com/gpu.sharing-strategy': 'time-slicing' },
      }),
      pool(),
      pod('p', { resource: 'nvidia.com/gpu.shared' }),
    ],
    released: { p: 'n1' },
  },
  {
    name: 'a pod that needs no device after all is released at once, to anywhere',
    world: [pod('p', { gpus: 0 })],
    released: { p: 'any' },
  },
  {
    name: 'a pod that is being deleted is no longer planned',
    world: [node('n1'), pool(), deleted(pod('p'))],
  },
  {
    name: 'a released pod that had to wait is told so',
    world: [
      node('n1'),
      pool(),
      pod('p', {
        node: 'n1',
        conditions: [{ type: 'gpuoptimizer.io/Planned', status: 'False', reason: 'Capacity', message: 'x' }],
      }),
    ],
    waits: { p: 'Released' },
  },
];

function deleted(one: Thing): Thing {
  return {
    kind: one.kind,
    object: {
      ...one.object,
      metadata: {
        ...one.object.metadata,
        deletionTimestamp: NOW.toISOString(),
        finalizers: ['gpuoptimizer.io/metering'],
      },
    },
  };
}

describe('planner', () => {
  it.each(rows)('$name', async ({ world, released: wanted = {}, waits = {} }) => {
    const first = await runPass(planner(), { world, now: NOW });
    expect(first.result).toMatchObject({ result: 'requeue_after' });
    expect(releases(first)).toEqual(wanted);
    expect(reasons(first)).toEqual(waits);
    const second = await first.again();
    expect(releases(second)).toEqual({});
    expect(reasons(second)).toEqual({});
  });

  it('writes one event for each reason to wait', async () => {
    const { events } = await runPass(planner(), {
      world: [node('n1', { gpus: 1 }), pool(), pod('p', { gpus: 2 })],
      now: NOW,
    });
    expect(events.map(({ reason, note }) => [reason, note.slice(0, 6)])).toEqual([['GPUPlanWaiting', 'Shape:']]);
  });

  it('reports fragmentation and waiting pods of pools and tenants', async () => {
    const world = [
      node('n1', { gpus: 4 }),
      pool(),
      tenant('acme'),
      pod('r', { node: 'n1', gpus: 2 }),
      pod('p', { gpus: 4 }),
    ];
    const { acts } = await runPass(planner(), { world, now: NOW });
    const statuses = acts.flatMap((act) =>
      act.act === 'applyStatus' ? [[act.key, Reflect.get(act.body, 'status')]] : [],
    );
    expect(statuses).toEqual([
      ['main', { fragmentation: { strandedMilli: 1000, percent: 50 }, waiting: { pods: 1 } }],
      [
        'acme',
        {
          waitingPods: 1,
          shares: [{ pool: 'main', gpuMilli: 5, cpuMilli: 2, memoryMiB: 2, observedTime: '2027-01-10T08:00:00Z' }],
        },
      ],
    ]);
  });

  it('lets a pod that the API server refuses wait for a person and goes on with the others', async () => {
    const output = await runPass(planner(), {
      world: [node('n1'), pool(), pod('bad'), pod('good')],
      now: NOW,
      intercept: (act) => {
        if (act.act !== 'patch' || act.key !== 'acme/bad' || act.patch.subresource !== undefined) return;
        throw Object.assign(new Error('spec.affinity: Invalid value'), { code: 'Invalid' });
      },
    });
    expect(releases(output)).toEqual({ good: 'n1' });
    expect(output.events.map(({ reason }) => reason)).toEqual(['GPUPlanReleaseRefused']);
  });

  it('lets pods wait for each other where a pool says so, and then goes on by itself', async () => {
    let now = NOW.getTime();
    const controller = newPlanner({ ...clock, monotonic: () => now });
    const world = [node('n1'), pool('main', { scheduling: { window: {} } }), pod('p')];
    const first = await runPass(controller, { world, now: NOW });
    expect(releases(first)).toEqual({});
    expect(first.result).toMatchObject({ after: 2_000 });
    now += 2_000;
    expect(releases(await first.again())).toEqual({ p: 'n1' });
  });

  it('completes a gang after it died in the middle of the burst', async () => {
    const world = [
      node('n1', { gpus: 4 }),
      pool(),
      job('j', 4),
      ...['a', 'b', 'c', 'd'].map((name) => pod(name, { job: 'j' })),
      pod('x'),
    ];
    let patches = 0;
    const crashed = await runPass(planner(), {
      world,
      now: NOW,
      intercept: (act) => {
        if (act.act !== 'patch') return;
        patches += 1;
        if (patches === 3) throw new Error('killed');
      },
    });
    expect(crashed.result).toMatchObject({ result: 'error' });
    const before = releases(crashed);
    const resumed = await crashed.again();
    expect([...Object.keys(before), ...Object.keys(releases(resumed))].sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(reasons(resumed)).toEqual({ x: 'Capacity' });
  });
});
