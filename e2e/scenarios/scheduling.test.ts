import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GPUPool, Tenant } from '../../operator/api/index.ts';
import type { Event, Pod } from '../../operator/kube/index.ts';
import { tryCommand } from '../cluster/commands.ts';
import { gpuJob, gpuNode, gpuPod, gpuPool, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually, gpuopt } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';

const MANAGED = 'sched-managed';
const ACME = 'sched-acme';
const FREE = 'sched-free';
const CROWD = 'sched-crowd';
const GATE = 'gpuoptimizer.io/plan';
const nodes = [gpuNode('sched', 'sched-a'), gpuNode('sched', 'sched-b')];
/** Gangs of eight, one node each: enough that the operator is killed before it has released them all. */
const GANGS = 40;
const CROWD_PODS = GANGS * 8;
const crowdNodes = Array.from({ length: GANGS }, (_, at) => gpuNode('crowd', `crowd-${String(at).padStart(2, '0')}`));

let world: GpuWorld;

beforeAll(async () => {
  world = await gpuWorld();
  await world.addNodes(...nodes);
  await world.send(
    ['apply', '--server-side'],
    gpuPool('sched', { 'gpuoptimizer.io/scenario': 'sched' }),
    gpuTenant('sched-acme', [ACME], [{ pool: 'sched', limit: 8 }]),
    gpuTenant('sched-free', [FREE, 'sched-new-*']),
    gpuTenant('sched-crowd', [CROWD]),
    namespaceNamed(MANAGED, { 'gpuoptimizer.io/managed': 'true' }),
    ...[ACME, FREE, CROWD].map((name) => namespaceNamed(name)),
  );
  await eventually('the gate is in force', async () =>
    (await gates(gpuPod(MANAGED, 'probe', gpuSpec(1)))).length > 0 ? true : undefined,
  );
});

afterAll(async () => {
  await world?.end({
    namespaces: [MANAGED, ACME, FREE, CROWD],
    objects: [
      ...['sched', 'crowd'].map((name) => `gpupool/${name}`),
      ...['sched-acme', 'sched-free', 'sched-crowd'].map((name) => `tenant/${name}`),
      ...[...nodes, ...crowdNodes].map(({ metadata }) => `node/${metadata.name}`),
    ],
  });
});

/** The gates that the API server would give the pod. */
async function gates(pod: Pod): Promise<readonly string[]> {
  return ((await dryRun(pod)).spec?.schedulingGates ?? []).map(({ name }) => name);
}

async function dryRun(pod: Pod, as: readonly string[] = []): Promise<Pod> {
  const answer = await world.cluster.kubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-', ...as], {
    input: JSON.stringify(pod),
  });
  return JSON.parse(answer);
}

const plain = (): NonNullable<Pod['spec']> => ({ containers: [{ name: 'main', image: 'pause' }] });
const limited = (limits: Readonly<Record<string, string>>) => ({ name: 'main', image: 'pause', resources: { limits } });
const daemonSet = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent', uid: 'x', controller: true };

interface GateRow {
  readonly name: string;
  readonly spec: NonNullable<Pod['spec']>;
  readonly metadata?: Pod['metadata'];
  readonly namespace?: string;
  readonly as?: string;
  readonly gates: readonly string[];
  readonly finalizers?: readonly string[];
}

const ours = { gates: [GATE], finalizers: ['gpuoptimizer.io/metering'] };

const gateRows: readonly GateRow[] = [
  { name: 'a pod that asks for a GPU', spec: gpuSpec(1), ...ours },
  {
    name: 'a pod that asks for a MIG device',
    spec: { containers: [limited({ 'nvidia.com/mig-1g.10gb': '1' })] },
    ...ours,
  },
  {
    name: 'a pod whose second container asks',
    spec: { containers: [{ name: 'first', image: 'pause' }, limited({ 'nvidia.com/gpu': '1' })] },
    ...ours,
  },
  {
    name: 'a pod whose init container asks',
    spec: { ...plain(), initContainers: [{ ...limited({ 'nvidia.com/gpu': '1' }), name: 'init' }] },
    ...ours,
  },
  {
    name: 'a pod with a resource claim',
    spec: { ...plain(), resourceClaims: [{ name: 'gpu', resourceClaimName: 'one' }] },
    ...ours,
  },
  {
    name: 'a pod with gates and finalizers of others, which stay',
    spec: gpuSpec(1, { schedulingGates: [{ name: 'example.com/wait' }] }),
    metadata: { finalizers: ['example.com/keep'] },
    gates: ['example.com/wait', GATE],
    finalizers: ['example.com/keep', 'gpuoptimizer.io/metering'],
  },
  { name: 'a pod with the gate already', spec: gpuSpec(1, { schedulingGates: [{ name: GATE }] }), ...ours },
  { name: 'not a pod without GPUs', spec: plain(), gates: [] },
  {
    name: 'not a pod with a resource of another vendor',
    spec: { containers: [limited({ 'amd.com/gpu': '1' })] },
    gates: [],
  },
  { name: 'not a pod that names its node', spec: gpuSpec(1, { nodeName: 'sched-a' }), gates: [] },
  { name: 'not a pod of another scheduler', spec: gpuSpec(1, { schedulerName: 'volcano' }), gates: [] },
  {
    name: 'a pod that only says that it is of a DaemonSet',
    spec: gpuSpec(1),
    metadata: { ownerReferences: [daemonSet] },
    ...ours,
  },
  {
    name: 'not a pod that the DaemonSet controller makes',
    spec: gpuSpec(1),
    metadata: { ownerReferences: [daemonSet] },
    as: 'system:serviceaccount:kube-system:daemon-set-controller',
    gates: [],
  },
  { name: 'not a pod in a namespace that nobody manages', spec: gpuSpec(1), namespace: 'default', gates: [] },
];

describe('the gate', () => {
  it.each(gateRows)(
    'gates $name',
    async ({ spec, metadata, namespace = MANAGED, as, gates: wanted, finalizers = [] }) => {
      const made = await dryRun(gpuPod(namespace, 'row', spec, metadata), as === undefined ? [] : [`--as=${as}`]);
      expect((made.spec?.schedulingGates ?? []).map(({ name }) => name).sort()).toEqual([...wanted].sort());
      expect([...(made.metadata.finalizers ?? [])].sort()).toEqual([...finalizers].sort());
    },
  );

  it('is on from the first moment in a namespace that a Tenant selects, and only there', async () => {
    const managed = async (name: string): Promise<string | undefined> => {
      const answer = await world.cluster.kubectl(['create', 'namespace', name, '--dry-run=server', '-o', 'json']);
      return JSON.parse(answer).metadata.labels?.['gpuoptimizer.io/managed'];
    };
    await eventually('the API server knows the Tenants', () => managed('sched-new-one'));
    expect(await managed('sched-newer')).toBeUndefined();
  });

  it('stays on when its owner tries to take it off, and comes off for who may release', async () => {
    await world.send(
      ['create'],
      gpuPod(MANAGED, 'jumper', gpuSpec(1, { nodeSelector: { 'gpuoptimizer.io/scenario': 'nowhere' } })),
    );
    const { kubectl, tryKubectl } = world.cluster;
    await kubectl(['create', 'rolebinding', 'editor', '-n', MANAGED, '--clusterrole=edit', '--user=alice']);
    const patch = (name: string): string => JSON.stringify({ spec: { schedulingGates: [{ $patch: 'delete', name }] } });
    const take = ['patch', 'pod', 'jumper', '-n', MANAGED, '--type=strategic', '-p', patch(GATE)];
    const refused = await tryKubectl([...take, '--as=alice']);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('ask for the ClusterRole gpuopt-release');
    await kubectl(['label', 'pod', 'jumper', '-n', MANAGED, 'colour=red', '--as=alice']);
    await kubectl([
      'create',
      'clusterrolebinding',
      'sched-alice-releases',
      '--clusterrole=gpuopt-release',
      '--user=alice',
    ]);
    try {
      await eventually('alice may release', async () =>
        (await tryKubectl([...take, '--as=alice'])).code === 0 ? true : undefined,
      );
    } finally {
      await kubectl(['delete', 'clusterrolebinding', 'sched-alice-releases']);
    }
  });
});

interface GuardRow {
  readonly name: string;
  readonly namespace?: string;
  readonly spec?: NonNullable<Pod['spec']>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Part of the refusal; without it the pod is taken. */
  readonly refusal?: string;
}

const planLabel = { 'gpuoptimizer.io/plan': '20261123T042214.123Z' };

const guardRows: readonly GuardRow[] = [
  { name: 'refuses a pod that names its node', spec: gpuSpec(1, { nodeName: 'sched-a' }), refusal: 'may not name' },
  { name: 'takes a pod without GPUs that names its node', spec: { ...plain(), nodeName: 'sched-a' } },
  {
    name: 'takes a pod that names its node where nobody manages GPUs',
    namespace: 'sched-alice',
    spec: gpuSpec(1, { nodeName: 'sched-a' }),
  },
  { name: 'refuses a pod that says that it was released', labels: planLabel, refusal: 'label gpuoptimizer.io/plan' },
  {
    name: 'refuses such a pod where nobody manages GPUs, too',
    namespace: 'sched-alice',
    labels: planLabel,
    refusal: 'label gpuoptimizer.io/plan',
  },
  { name: 'takes a pod with other labels', labels: { 'example.com/shape': 'x' } },
  { name: 'refuses a shape that no pool offers', labels: { 'gpuoptimizer.io/shape': 'x' }, refusal: 'no pool offers' },
];

describe('the guards, before someone who may edit pods and his namespace', () => {
  beforeAll(async () => {
    const { kubectl } = world.cluster;
    await world.send(['apply', '--server-side'], namespaceNamed('sched-alice'));
    const rules = ['--verb=get,create,patch,update', '--resource=namespaces'];
    await kubectl(['create', 'clusterrole', 'sched-namespaces', ...rules]);
    await kubectl(['create', 'clusterrolebinding', 'sched-bob', '--clusterrole=edit', '--user=bob']);
    await kubectl(['create', 'clusterrolebinding', 'sched-bob-ns', '--clusterrole=sched-namespaces', '--user=bob']);
  });

  afterAll(async () => {
    const { kubectl } = world.cluster;
    await kubectl(['delete', 'clusterrolebinding', 'sched-bob', 'sched-bob-ns']);
    await kubectl(['delete', 'clusterrole', 'sched-namespaces']);
    await kubectl(['delete', 'namespace', 'sched-alice', '--wait=false']);
  });

  it.each(guardRows)('$name', async ({ namespace = MANAGED, spec = plain(), labels, refusal }) => {
    const answer = await world.cluster.tryKubectl(['create', '--dry-run=server', '-f', '-', '--as=bob'], {
      input: JSON.stringify(gpuPod(namespace, 'row', spec, { labels })),
    });
    if (refusal === undefined) return expect(answer).toMatchObject({ code: 0 });
    expect(answer.stderr).toContain(refusal);
  });

  it.each([
    { name: 'refuses to give a namespace to a tenant', namespace: 'sched-alice', label: 'tenant=sched-acme' },
    { name: 'refuses to open a namespace to campaigns', namespace: 'sched-alice', label: 'growth=true' },
    { name: 'refuses to take the gate off a namespace', namespace: MANAGED, label: 'managed-' },
    { name: 'refuses to turn the gate of a namespace off', namespace: MANAGED, label: 'managed=false' },
  ])('$name', async ({ namespace, label }) => {
    const set = ['label', 'namespace', namespace, `gpuoptimizer.io/${label}`, '--overwrite', '--dry-run=server'];
    const refused = await world.cluster.tryKubectl([...set, '--as=bob']);
    expect(refused.stderr).toContain('follow from Tenants');
    expect(await world.cluster.tryKubectl(set)).toMatchObject({ code: 0 });
  });

  it('lets him label his namespace otherwise', async () => {
    const set = ['label', 'namespace', MANAGED, 'colour=red', '--dry-run=server', '--as=bob'];
    expect(await world.cluster.tryKubectl(set)).toMatchObject({ code: 0 });
  });
});

describe('the planner', () => {
  beforeAll(async () => {
    await world.operator.start();
    await eventually('the namespaces belong to their tenants', async () => {
      const labelled = await world.get<{ readonly items: readonly object[] }>(
        'namespaces',
        '-l',
        'gpuoptimizer.io/managed=true',
      );
      return labelled.items.length >= 4 ? true : undefined;
    });
  });

  it('releases a pod with one patch to the node it was planned on', async () => {
    await world.send(['create'], gpuPod(FREE, 'single', gpuSpec(1, inScenario)));
    const pod = await bound(FREE, 'single');
    const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
    expect(terms).toEqual([{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [pod.spec?.nodeName] }] }]);
    expect(pod.metadata.labels?.[GATE]).toMatch(/^\d{8}T\d{6}\.\d{3}Z$/);
    expect(await world.cluster.kubectl(['get', 'events', '-n', FREE, '-o', 'name'])).not.toContain('gpuplanwaiting');
  });

  it('starts a gang whole or not at all', async () => {
    await clear(FREE);
    await world.send(['create'], gpuJob(FREE, 'five', 5, 4, 'sched'), gpuJob(FREE, 'four', 4, 4, 'sched'));
    await eventually('the gang that fits runs', async () => (await placed(FREE, 'four')) === 4 || undefined);
    const waiting = await eventually('the gang that does not fit says why', async () => {
      const pods = (await world.pods(FREE)).filter(({ metadata }) => metadata.name?.startsWith('five-'));
      const found = pods.map((pod) => condition(pod)?.reason).filter((reason) => reason !== undefined);
      return found.length === 5 ? found : undefined;
    });
    expect(new Set(waiting)).toEqual(new Set(['Capacity']));
    expect(await placed(FREE, 'five')).toBe(0);
    await clear(FREE, 'job/four');
    await world.addNodes(gpuNode('sched', 'sched-c'));
    await eventually(
      'the gang starts once a node is added',
      async () => (await placed(FREE, 'five')) === 5 || undefined,
    );
    await world.cluster.kubectl(['delete', 'node', 'sched-c']);
    await clear(FREE);
  });

  it('lets a tenant wait at its limit, says why, and goes on when the limit is raised', async () => {
    await world.send(
      ['create'],
      gpuPod(ACME, 'first', gpuSpec(6, inScenario)),
      gpuPod(ACME, 'second', gpuSpec(4, inScenario)),
    );
    const waits = await eventually('one of them waits', async () =>
      (await world.pods(ACME)).find((pod) => condition(pod)?.status === 'False'),
    );
    expect(condition(waits)?.reason).toBe('Quota');
    const name = waits.metadata.name ?? '';
    const events = await eventually('the event is there', async () => {
      const { items } = await world.get<{ readonly items: readonly Event[] }>('events.events.k8s.io', '-n', ACME);
      const found = items.filter((event) => event.reason === 'GPUPlanWaiting' && event.regarding?.name === name);
      return found.length > 0 ? found : undefined;
    });
    expect(events[0]?.note).toContain('Quota');
    const answer = await why(name, '-n', ACME, '--json');
    expect(JSON.parse(answer.stdout)).toMatchObject({
      state: 'Waiting',
      blocker: 'Quota',
      tenant: 'sched-acme',
      unit: 'gpu-milli',
    });
    expect((await why(name, '-n', ACME)).stdout).toContain('the limit of tenant sched-acme');
    expect(await why('nobody', '-n', ACME)).toMatchObject({ code: 2 });
    await eventually('status counts it', async () => {
      const [tenant, pool] = [await world.get<Tenant>('tenant/sched-acme'), await world.get<GPUPool>('gpupool/sched')];
      return tenant.status?.waitingPods === 1 && (pool.status?.waiting?.pods ?? 0) >= 1 ? true : undefined;
    });
    await world.send(
      ['apply', '--server-side', '--force-conflicts'],
      gpuTenant('sched-acme', [ACME], [{ pool: 'sched', limit: 16 }]),
    );
    const freed = await bound(ACME, name);
    await eventually('the condition turns', async () => {
      const pod = await world.get<Pod>('pod', freed.metadata.name ?? '', '-n', ACME);
      return condition(pod)?.status === 'True' ? true : undefined;
    });
  });

  it('loses nothing and releases nothing twice when it is killed in the middle', async () => {
    await world.addNodes(...crowdNodes);
    await world.send(['apply', '--server-side'], gpuPool('crowd', { 'gpuoptimizer.io/scenario': 'crowd' }));
    const jobs = Array.from({ length: GANGS }, (_, at) => gpuJob(CROWD, `gang-${at}`, 8, 1, 'crowd'));
    const creating = world.send(['create'], ...jobs);
    await eventually('some are released and some are not', async () => {
      const released = (await world.pods(CROWD)).filter(({ metadata }) => metadata.labels?.[GATE] !== undefined);
      return released.length > 0 ? true : undefined;
    });
    await world.operator.kill();
    await creating;
    const before = new Map((await world.pods(CROWD)).map(({ metadata }) => [metadata.name, metadata.labels?.[GATE]]));
    expect([...before.values()].filter((plan) => plan !== undefined).length).toBeLessThan(CROWD_PODS);
    await eventually('every pod exists', async () =>
      (await world.pods(CROWD)).length === CROWD_PODS ? true : undefined,
    );
    await world.operator.start();
    const pods = await eventually('every pod runs', async () => {
      const now = (await world.pods(CROWD)).filter((pod) => pod.spec?.nodeName !== undefined);
      return now.length === CROWD_PODS ? now : undefined;
    });
    const again = pods.filter(({ metadata }) => {
      const plan = before.get(metadata.name);
      return plan !== undefined && plan !== metadata.labels?.[GATE];
    });
    expect(again).toEqual([]);
    for (const { metadata } of [...nodes, ...crowdNodes]) {
      const gpus = pods.filter((pod) => pod.spec?.nodeName === metadata.name).length;
      expect(gpus, metadata.name).toBeLessThanOrEqual(8);
    }
  });
});

/** Keeps pods of this scenario off the nodes of the other. */
const inScenario = { nodeSelector: { 'gpuoptimizer.io/scenario': 'sched' } };

function condition(pod: Pod) {
  return pod.status?.conditions?.find(({ type }) => type === 'gpuoptimizer.io/Planned');
}

async function bound(namespace: string, name: string): Promise<Pod> {
  return eventually(`pod ${namespace}/${name} is bound`, async () => {
    const pod = await world.get<Pod>('pod', name, '-n', namespace);
    return pod.spec?.nodeName === undefined ? undefined : pod;
  });
}

async function placed(namespace: string, job: string): Promise<number> {
  const pods = await world.pods(namespace);
  return pods.filter((pod) => pod.metadata.name?.startsWith(`${job}-`) && pod.spec?.nodeName !== undefined).length;
}

async function clear(namespace: string, what = 'jobs,pods'): Promise<void> {
  const all = what.includes('/') ? [] : ['--all'];
  await world.cluster.kubectl(['delete', what, ...all, '-n', namespace, '--grace-period=0', '--force', '--wait=false']);
  const job = what.split('/')[1];
  await eventually(`${what} in ${namespace} are gone`, async () => {
    const left = (await world.pods(namespace)).filter(
      ({ metadata }) => job === undefined || metadata.name?.startsWith(`${job}-`),
    );
    return left.length === 0 ? true : undefined;
  });
}

async function why(...args: readonly string[]) {
  return tryCommand([gpuopt, 'why', ...args, '--kubeconfig', world.cluster.kubeconfig]);
}
