import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Pod } from '../../operator/kube/index.ts';
import { foreignDefinition, poolWith } from './gangs/objects.ts';
import { gpuNode, gpuPod, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';

const NAMESPACE = 'kueue';
const SCENARIO = 'kueue';
const GROUP = 'kueue.x-k8s.io';
const RACK = 'example.com/rack';
const inScenario = { nodeSelector: { 'gpuoptimizer.io/scenario': SCENARIO } };
const nodes = ['kueue-a', 'kueue-b'].map((name) => gpuNode(SCENARIO, name, undefined, { [RACK]: 'one' }));
/** Kueue's own definitions key the list of checks by name, so that each controller owns its entry. */
const checkStates = {
  type: 'object',
  'x-kubernetes-preserve-unknown-fields': true,
  properties: {
    admissionChecks: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name', 'state', 'lastTransitionTime', 'message'],
        'x-kubernetes-preserve-unknown-fields': true,
        properties: {
          name: { type: 'string' },
          state: { type: 'string', enum: ['Pending', 'Ready', 'Retry', 'Rejected'] },
          message: { type: 'string' },
          lastTransitionTime: { type: 'string', format: 'date-time' },
        },
      },
    },
  },
};
const definitions = [
  foreignDefinition(GROUP, 'v1beta2', 'AdmissionCheck', 'admissionchecks', { scope: 'Cluster' }),
  foreignDefinition(GROUP, 'v1beta2', 'ResourceFlavor', 'resourceflavors', { scope: 'Cluster' }),
  foreignDefinition(GROUP, 'v1beta2', 'Workload', 'workloads', { status: checkStates }),
];
const plurals = ['admissionchecks', 'resourceflavors', 'workloads'].map((plural) => `crd/${plural}.${GROUP}`);

let world: GpuWorld;

beforeAll(async () => {
  world = await gpuWorld();
  await world.addNodes(...nodes);
  await world.send(['apply', '--server-side'], ...definitions);
  await world.cluster.kubectl(['wait', '--for=condition=Established', '--timeout=60s', ...plurals]);
  await world.send(
    ['apply', '--server-side'],
    poolWith('kueue', SCENARIO, { topology: { levels: [RACK] } }),
    gpuTenant('kueue', [NAMESPACE]),
    namespaceNamed(NAMESPACE),
    {
      apiVersion: `${GROUP}/v1beta2`,
      kind: 'AdmissionCheck',
      metadata: { name: 'gpu-place' },
      spec: { controllerName: 'gpuoptimizer.io/plan' },
    },
  );
  await world.operator.start();
  await eventually('the operator says that it answers', async () => {
    const { status } = await world.get<Checked>('admissionchecks', 'gpu-place');
    return status?.conditions?.some(({ type, status: is }) => type === 'Active' && is === 'True') ? true : undefined;
  });
});

afterEach(async () => {
  const { kubectl } = world.cluster;
  await kubectl(['delete', 'workloads.kueue.x-k8s.io', '--all', '-n', NAMESPACE]);
  await kubectl(['delete', 'pods', '--all', '-n', NAMESPACE, '--grace-period=0', '--force', '--wait=false']);
  await eventually('the namespace is empty', async () =>
    (await world.pods(NAMESPACE)).length === 0 ? true : undefined,
  );
});

afterAll(async () => {
  await world?.end({
    namespaces: [NAMESPACE],
    objects: [
      'admissionchecks/gpu-place',
      'gpupool/kueue',
      'tenant/kueue',
      ...nodes.map(({ metadata }) => `node/${metadata.name}`),
      ...plurals,
    ],
  });
});

interface Checked {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly admissionChecks?: readonly {
      readonly name: string;
      readonly state: string;
      readonly message: string;
      readonly podSetUpdates?: readonly object[];
      readonly requeueAfterSeconds?: number;
    }[];
  };
}

/** Makes a workload as Kueue does: the spec first, then quota and the check that is open. */
async function workload(name: string, count: number, gpus: number): Promise<void> {
  const object = {
    apiVersion: `${GROUP}/v1beta2`,
    kind: 'Workload',
    metadata: { name, namespace: NAMESPACE },
    spec: { podSets: [{ name: 'main', count, template: { spec: gpuSpec(gpus, inScenario) } }] },
  };
  const lastTransitionTime = '2026-01-01T00:00:00Z';
  const pending = { state: 'Pending', message: '', lastTransitionTime };
  const status = {
    conditions: [{ type: 'QuotaReserved', status: 'True', reason: 'QuotaReserved', message: '', lastTransitionTime }],
    admissionChecks: [
      { name: 'gpu-place', ...pending },
      { name: 'other', ...pending },
    ],
  };
  await world.send(['create'], object);
  await world.send(['apply', '--server-side', '--subresource=status', '--field-manager=kueue'], { ...object, status });
}

const answerOf = (name: string) =>
  eventually(`${name} is answered`, async () => {
    const { status } = await world.get<Checked>('workloads.kueue.x-k8s.io', name, '-n', NAMESPACE);
    const check = status?.admissionChecks?.find((each) => each.name === 'gpu-place');
    return check === undefined || check.state === 'Pending' ? undefined : { check, all: status?.admissionChecks };
  });

describe('Kueue', () => {
  it('has its admission check answered: where there is room, and that there is none', async () => {
    await workload('fits', 2, 8);
    const { check, all } = await answerOf('fits');
    expect(check).toMatchObject({ state: 'Ready', podSetUpdates: [{ name: 'main', nodeSelector: { [RACK]: 'one' } }] });
    expect(all).toContainEqual(expect.objectContaining({ name: 'other', state: 'Pending' }));
    await workload('late', 1, 8);
    const late = await answerOf('late');
    expect(late.check).toMatchObject({ state: 'Retry', requeueAfterSeconds: 60 });
    expect(late.check.message).toContain('Capacity');
  });

  it('keeps its gates: ours goes only once they are gone', async () => {
    const gates = { schedulingGates: [{ name: 'kueue.x-k8s.io/admission' }] };
    await world.send(['create'], gpuPod(NAMESPACE, 'held', gpuSpec(1, { ...inScenario, ...gates })));
    await eventually('it says what holds it', async () => {
      const pod = await world.get<Pod>('pod', 'held', '-n', NAMESPACE);
      const planned = pod.status?.conditions?.find(({ type }) => type === 'gpuoptimizer.io/Planned');
      return planned?.reason === 'ForeignGate' ? true : undefined;
    });
    const patch = JSON.stringify({
      spec: { schedulingGates: [{ $patch: 'delete', name: 'kueue.x-k8s.io/admission' }] },
    });
    await world.cluster.kubectl(['patch', 'pod', 'held', '-n', NAMESPACE, '--type=strategic', '-p', patch]);
    await eventually('it is bound', async () => {
      const pod = await world.get<Pod>('pod', 'held', '-n', NAMESPACE);
      return pod.spec?.nodeName === undefined ? undefined : true;
    });
  });

  it('may have pods of another scheduler beside it: they are left alone, and what they hold is counted', async () => {
    const other = gpuSpec(8, { ...inScenario, schedulerName: 'volcano', nodeName: undefined });
    await world.send(['create'], gpuPod(NAMESPACE, 'foreign', other));
    const made = await world.get<Pod>('pod', 'foreign', '-n', NAMESPACE);
    expect(made.spec?.schedulingGates).toBeUndefined();
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'foreign', namespace: NAMESPACE },
      target: { apiVersion: 'v1', kind: 'Node', name: 'kueue-a' },
    };
    const path = `/api/v1/namespaces/${NAMESPACE}/pods/foreign/binding`;
    await world.cluster.kubectl(['create', '--raw', path, '-f', '-'], { input: JSON.stringify(binding) });
    await world.send(['create'], ...['x', 'y'].map((name) => gpuPod(NAMESPACE, name, gpuSpec(8, inScenario))));
    const bound = await eventually('one of two is bound beside it', async () => {
      const pods = (await world.pods(NAMESPACE)).filter(({ metadata }) => metadata.name !== 'foreign');
      const waits = pods.some(({ status }) =>
        status?.conditions?.some(({ type, reason }) => type === 'gpuoptimizer.io/Planned' && reason === 'Capacity'),
      );
      return waits ? pods.filter(({ spec }) => spec?.nodeName !== undefined) : undefined;
    });
    expect(bound.map(({ spec }) => spec?.nodeName)).toEqual(['kueue-b']);
  });
});
