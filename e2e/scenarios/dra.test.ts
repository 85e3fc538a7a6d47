import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GPUPool } from '../../operator/api/index.ts';
import type { Pod, ResourceClaim } from '../../operator/kube/index.ts';
import { DraPeer } from '../peers/dra-driver/driver.ts';
import type { DraNodeSpec } from '../peers/dra-driver/slices.ts';
import { asking, claimAsking, claimNamed, claimPod, draNode, slotOf, templateNamed } from './dra/objects.ts';
import { gpuPool, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';

/** The planner's own allocations and kube-scheduler's, side by side: pool `dra-ours` and pool `dra-theirs`. */

const NAMESPACE = 'dra-acme';
const FINALIZER = 'resource.kubernetes.io/delete-protection';
const nodes: readonly DraNodeSpec[] = [
  { node: 'dra-ours-a', mode: 'dynamic', gpus: 2 },
  { node: 'dra-theirs-a', mode: 'dynamic', gpus: 2 },
];
const ours = { nodeSelector: { 'gpuoptimizer.io/scenario': 'dra-ours' } };
const theirs = { nodeSelector: { 'gpuoptimizer.io/scenario': 'dra-theirs' } };
/** The order in which they come: stock first fit puts 3g where 4g could be. */
const shapes = ['3g.40gb', '4g.40gb', '1g.10gb', '1g.10gb'];

let world: GpuWorld;
let peer: DraPeer;

function draPool(name: string, allocator: 'GPUOptimizer' | 'Scheduler'): GPUPool {
  return gpuPool(name, { 'gpuoptimizer.io/scenario': name }, { type: 'DRA', dra: { allocator } });
}

beforeAll(async () => {
  world = await gpuWorld();
  await world.addNodes(draNode('dra-ours', 'dra-ours-a'), draNode('dra-theirs', 'dra-theirs-a'));
  peer = await DraPeer.start({ kubeconfig: world.cluster.kubeconfig, nodes });
  await world.send(
    ['apply', '--server-side'],
    draPool('dra-ours', 'GPUOptimizer'),
    draPool('dra-theirs', 'Scheduler'),
    gpuTenant('dra-acme', [NAMESPACE]),
    namespaceNamed(NAMESPACE),
  );
  await world.operator.start();
  await eventually('the namespace belongs to the tenant', async () => {
    const found = await world.get<{ metadata: Pod['metadata'] }>('namespace', NAMESPACE);
    return found.metadata.labels?.['gpuoptimizer.io/managed'] === 'true' ? true : undefined;
  });
  const templates = [...new Set(shapes)].map((shape) => templateNamed(NAMESPACE, `t-${shape}`, shape));
  await world.send(['apply', '--server-side'], ...templates);
});

afterAll(async () => {
  await peer?.stop();
  await world?.end({
    namespaces: [NAMESPACE],
    objects: ['gpupool/dra-ours', 'gpupool/dra-theirs', 'tenant/dra-acme', 'node/dra-ours-a', 'node/dra-theirs-a'],
  });
});

const pod = (name: string, shape: string, where: object): Pod =>
  claimPod(NAMESPACE, name, { resourceClaimTemplateName: `t-${shape}` }, where);

async function bound(name: string): Promise<Pod> {
  return await eventually(`pod ${name} is bound`, async () => {
    const found = await world.get<Pod>('pod', name, '-n', NAMESPACE);
    return found.spec?.nodeName === undefined ? undefined : found;
  });
}

async function claims(): Promise<readonly ResourceClaim[]> {
  return (await world.get<{ readonly items: readonly ResourceClaim[] }>('resourceclaims', '-n', NAMESPACE)).items;
}

async function slot(name: string): Promise<string | undefined> {
  const found = (await claims()).find(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.name === name));
  return found === undefined ? undefined : slotOf(found);
}

async function waits(name: string): Promise<string> {
  return await eventually(`pod ${name} is told why it waits`, async () => {
    const found = await world.get<Pod>('pod', name, '-n', NAMESPACE);
    const planned = found.status?.conditions?.find(({ type }) => type === 'gpuoptimizer.io/Planned');
    return planned?.status === 'False' ? `${planned.reason}: ${planned.message}` : undefined;
  });
}

async function clear(): Promise<void> {
  const { kubectl } = world.cluster;
  await kubectl(['delete', 'pods', '--all', '-n', NAMESPACE, '--grace-period=0', '--force', '--wait=false']);
  await eventually('pods and their claims are gone', async () => {
    await kubectl(['delete', 'resourceclaims', '--all', '-n', NAMESPACE, '--wait=false']);
    const left = [...(await world.pods(NAMESPACE)), ...(await claims())];
    return left.length === 0 ? true : undefined;
  });
}

async function come(prefix: string, where: object): Promise<readonly (string | undefined)[]> {
  const slots: (string | undefined)[] = [];
  for (const [at, shape] of shapes.entries()) {
    const name = `${prefix}-${at}`;
    await world.send(['create'], pod(name, shape, where));
    await bound(name);
    slots.push(await slot(name));
  }
  return slots;
}

describe('claims in a pool whose allocator is GPUOptimizer', () => {
  it('get slots that keep the large profiles possible, where first fit does not', async () => {
    expect(await come('ours', ours)).toEqual([
      'gpu-0-mig-3g40gb-9-4',
      'gpu-0-mig-4g40gb-5-0',
      'gpu-1-mig-1g10gb-19-6',
      'gpu-1-mig-1g10gb-19-5',
    ]);
    await world.send(['create'], pod('ours-more', '4g.40gb', ours));
    expect((await bound('ours-more')).spec?.nodeName).toBe('dra-ours-a');
    expect(await slot('ours-more')).toBe('gpu-1-mig-4g40gb-5-0');
    expect(peer.prepared.problems).toEqual([]);
  });

  it('wait with the reason when no slot is left, and no two ever overlap', async () => {
    await world.send(['create'], pod('ours-late', '4g.40gb', ours));
    expect(await waits('ours-late')).toContain('mig.nvidia.com/4g.40gb');
    expect(peer.prepared.count).toBe(shapes.length + 1);
    await world.cluster.kubectl(['delete', 'pod', 'ours-more', '-n', NAMESPACE, '--grace-period=0', '--force']);
    await bound('ours-late');
    expect(await slot('ours-late')).toBe('gpu-1-mig-4g40gb-5-0');
    expect(peer.prepared.problems).toEqual([]);
    await clear();
  });

  it('are kept off ill devices', async () => {
    for (const start of [4, 5, 6]) {
      for (const gpu of [0, 1]) {
        await peer.report('dra-ours-a', `gpu-${gpu}-mig-1g10gb-19-${start}`, {
          key: 'gpu.nvidia.com/unhealthy',
          effect: 'NoSchedule',
        });
      }
    }
    await world.send(['create'], pod('ill', '1g.10gb', ours));
    await bound('ill');
    expect(await slot('ill')).toBe('gpu-0-mig-1g10gb-19-3');
    for (const start of [4, 5, 6]) {
      for (const gpu of [0, 1]) await peer.report('dra-ours-a', `gpu-${gpu}-mig-1g10gb-19-${start}`);
    }
    await clear();
  });

  it('get the first of their alternatives that finds a place', async () => {
    const firstAvailable = [
      { name: 'large', ...asking('4g.40gb') },
      { name: 'small', ...asking('1g.10gb') },
    ];
    const names = ['either-0', 'either-1', 'either-2'];
    for (const name of names) {
      await world.send(['create'], claimAsking(NAMESPACE, name, { firstAvailable }));
      await world.send(['create'], claimPod(NAMESPACE, name, { resourceClaimName: name }, ours));
      await bound(name);
    }
    const results = (await claims()).map(({ status }) => status?.allocation?.devices?.results?.[0]);
    expect(results.map((result) => `${result?.request} ${result?.device}`).sort()).toEqual([
      'gpu/large gpu-0-mig-4g40gb-5-0',
      'gpu/large gpu-1-mig-4g40gb-5-0',
      'gpu/small gpu-0-mig-1g10gb-19-6',
    ]);
    await eventually('the driver has prepared all', async () => (peer.prepared.count === 3 ? true : undefined));
    expect(peer.prepared.problems).toEqual([]);
    await clear();
  });

  it.each([
    { pool: 'dra-ours', where: ours },
    { pool: 'dra-theirs', where: theirs },
  ])('may ask for all GPUs of a node and for memory: $pool', async ({ where }) => {
    const all = { ...asking('gpu'), allocationMode: 'All' };
    await world.send(['create'], claimAsking(NAMESPACE, 'all', { exactly: all }));
    await world.send(['create'], claimPod(NAMESPACE, 'all', { resourceClaimName: 'all' }, where));
    await bound('all');
    const { status } = await world.get<ResourceClaim>('resourceclaim', 'all', '-n', NAMESPACE);
    expect(status?.allocation?.devices?.results?.map(({ device }) => device).sort()).toEqual(['gpu-0', 'gpu-1']);
    const memory = (amount: string) => ({ exactly: { ...asking('gpu'), capacity: { requests: { memory: amount } } } });
    await world.send(['create'], claimAsking(NAMESPACE, 'much', memory('40Gi')));
    await world.send(['create'], claimPod(NAMESPACE, 'much', { resourceClaimName: 'much' }, where));
    expect(await waits('much')).toMatch(/^(Capacity|Topology): /);
    await world.cluster.kubectl(['delete', 'pod', 'all', '-n', NAMESPACE, '--grace-period=0', '--force']);
    await bound('much');
    await world.send(['create'], claimAsking(NAMESPACE, 'more', memory('4Ti')));
    await world.send(['create'], claimPod(NAMESPACE, 'more', { resourceClaimName: 'more' }, where));
    expect(await waits('more')).toContain('No node publishes the devices');
    expect(peer.prepared.problems).toEqual([]);
    await clear();
  });

  it('that list alternatives wait where kube-scheduler allocates, and say so', async () => {
    const firstAvailable = [
      { name: 'large', ...asking('4g.40gb') },
      { name: 'small', ...asking('1g.10gb') },
    ];
    await world.send(['create'], claimAsking(NAMESPACE, 'either', { firstAvailable }));
    await world.send(['create'], claimPod(NAMESPACE, 'either', { resourceClaimName: 'either' }, theirs));
    expect(await waits('either')).toMatch(/^Topology: .*its claims list alternatives/);
    await clear();
  });

  it('survive a claim that is deleted before its pod is placed, and one whose pod goes first', async () => {
    await world.send(['create'], claimNamed(NAMESPACE, 'named', 'gpu'));
    const blocked = { ...ours, schedulingGates: [{ name: 'example.com/wait' }] };
    await world.send(['create'], claimPod(NAMESPACE, 'first', { resourceClaimName: 'named' }, blocked));
    expect(await waits('first')).toContain('ForeignGate');
    await world.cluster.kubectl(['delete', 'resourceclaim', 'named', '-n', NAMESPACE]);
    await world.cluster.kubectl([
      'patch',
      'pod',
      'first',
      '-n',
      NAMESPACE,
      '--type=strategic',
      '-p',
      '{"spec":{"schedulingGates":[{"$patch":"delete","name":"example.com/wait"}]}}',
    ]);
    await eventually('the pod says that its claim is missing', async () =>
      (await waits('first')).includes('named does not exist') ? true : undefined,
    );
    await world.send(['create'], claimNamed(NAMESPACE, 'named', 'gpu'));
    await bound('first');
    await world.cluster.kubectl(['delete', 'pod', 'first', '-n', NAMESPACE, '--grace-period=0', '--force']);
    await eventually('the claim stays, and is free again', async () => {
      const claim = await world.get<ResourceClaim>('resourceclaim', 'named', '-n', NAMESPACE);
      return claim.status?.allocation === undefined && !claim.metadata.finalizers?.includes(FINALIZER)
        ? true
        : undefined;
    });
    await clear();
  });

  it('lose nothing and overlap nothing when the operator is killed again and again', async () => {
    const names = Array.from({ length: 14 }, (_, at) => `killed-${String(at).padStart(2, '0')}`);
    const creating = world.send(['create'], ...names.map((name) => pod(name, '1g.10gb', ours)));
    for (let kill = 0; kill < 3; kill++) {
      await eventually('another claim is allocated', async () =>
        (await claims()).filter((claim) => slotOf(claim) !== undefined).length > kill ? true : undefined,
      );
      await world.operator.kill();
      await world.operator.start();
    }
    await creating;
    for (const name of names) await bound(name);
    const slots = (await claims()).map(slotOf);
    expect(new Set(slots).size).toBe(names.length);
    await eventually('the driver has prepared all', async () =>
      peer.prepared.count === names.length ? true : undefined,
    );
    expect(peer.prepared.problems).toEqual([]);
    await clear();
  });
});

describe('claims in a pool whose allocator is the scheduler', () => {
  it('are planned by counts: kube-scheduler chooses first fit, and what does not fit waits at the gate', async () => {
    expect(await come('theirs', theirs)).toEqual([
      'gpu-0-mig-3g40gb-9-0',
      'gpu-1-mig-4g40gb-5-0',
      'gpu-0-mig-1g10gb-19-4',
      'gpu-0-mig-1g10gb-19-5',
    ]);
    await world.send(['create'], pod('theirs-more', '4g.40gb', theirs));
    expect(await waits('theirs-more')).toContain('mig.nvidia.com/4g.40gb');
    expect(peer.prepared.problems).toEqual([]);
    await clear();
  });
});

describe('the rule that keeps kube-scheduler off', () => {
  type Tolerations = NonNullable<
    NonNullable<NonNullable<ResourceClaim['spec']['devices']>['requests']>[number]['exactly']
  >['tolerations'];

  /** A claim for a GPU that tolerates this, by itself, as one of two alternatives, or in a template. */
  function tolerating(tolerations: Tolerations, form: 'exactly' | 'firstAvailable' | 'template'): object {
    const asked = { deviceClassName: 'gpu.nvidia.com', tolerations };
    const request =
      form === 'firstAvailable'
        ? {
            name: 'gpu',
            firstAvailable: [
              { ...asked, name: 'one', tolerations: undefined },
              { ...asked, name: 'two' },
            ],
          }
        : { name: 'gpu', exactly: asked };
    const spec = { devices: { requests: [request] } };
    const made = { apiVersion: 'resource.k8s.io/v1', metadata: { namespace: NAMESPACE, name: 'tolerant' } };
    return form === 'template'
      ? { ...made, kind: 'ResourceClaimTemplate', spec: { spec } }
      : { ...made, kind: 'ResourceClaim', spec };
  }

  it('cannot be tolerated by whoever may only write claims', async () => {
    const rules = [
      { apiGroups: ['resource.k8s.io'], resources: ['resourceclaims', 'resourceclaimtemplates'], verbs: ['create'] },
    ];
    const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { namespace: NAMESPACE, name: 'dra-carol' } };
    await world.send(
      ['apply', '--server-side'],
      { ...rbac, kind: 'Role', rules },
      {
        ...{ ...rbac, kind: 'RoleBinding', subjects: [{ kind: 'User', name: 'dra-carol' }] },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'dra-carol' },
      },
    );
    const ours = { key: 'gpuoptimizer.io/allocator', operator: 'Exists' };
    const says = async (object: object, user?: string): Promise<string> => {
      const as = user === undefined ? [] : [`--as=${user}`];
      const { code, stderr } = await world.cluster.tryKubectl(['create', '--dry-run=server', '-f', '-', ...as], {
        input: JSON.stringify(object),
      });
      if (code === 0) return 'created';
      return stderr.includes('may not tolerate the device taint gpuoptimizer.io/allocator') ? 'refused' : stderr;
    };
    await eventually('the policy is in force', async () =>
      (await says(tolerating([ours], 'exactly'), 'dra-carol')) === 'refused' ? true : undefined,
    );
    const rows = [
      ['ours', [ours], 'exactly', 'refused'],
      ['ours, for new pods only', [{ ...ours, effect: 'NoSchedule' }], 'exactly', 'refused'],
      ['ours, by its value', [{ key: ours.key, operator: 'Equal', value: 'GPUOptimizer' }], 'template', 'refused'],
      ['every taint', [{ operator: 'Exists' }], 'template', 'refused'],
      ['ours, in an alternative', [ours], 'firstAvailable', 'refused'],
      ['another taint', [{ key: 'gpu.nvidia.com/unhealthy', operator: 'Exists' }], 'exactly', 'created'],
      ['what evicts, not what keeps off', [{ ...ours, effect: 'NoExecute' }], 'exactly', 'created'],
      ['nothing', [], 'firstAvailable', 'created'],
    ] as const;
    for (const [name, tolerations, form, answer] of rows) {
      expect([name, await says(tolerating([...tolerations], form), 'dra-carol')]).toEqual([name, answer]);
      expect([name, await says(tolerating([...tolerations], form))]).toEqual([name, 'created']);
    }
  });

  it('stands for the nodes of the pool alone, and goes with the pool', async () => {
    const rules = async (): Promise<string> =>
      await world.cluster.kubectl(['get', 'devicetaintrules', '-o', 'jsonpath={.items[*].spec.deviceSelector.pool}']);
    expect(await rules()).toBe('dra-ours-a');
    await world.cluster.kubectl(['delete', 'gpupool', 'dra-ours']);
    await eventually('the rule is gone', async () => ((await rules()) === '' ? true : undefined));
  });
});
