import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pod, ResourceClaim } from '../../operator/kube/index.ts';
import { acquireCluster, type Cluster } from '../cluster/index.ts';
import { DraPeer } from '../peers/dra-driver/driver.ts';
import { claimNamed, claimPod, draNode, slotOf } from './dra/objects.ts';
import { namespaceNamed } from './gpu/objects.ts';
import { eventually } from './gpu/operator.ts';

/** What the planner's allocations rest on, shown on kube-scheduler itself, without the operator. */

const NAMESPACE = 'dra-stock';
const NODE = 'dra-stock-a';
const FIRST_FIT = 'gpu-0-mig-1g10gb-19-0';
const OURS = 'gpu-0-mig-1g10gb-19-6';
const inScenario = { nodeSelector: { 'gpuoptimizer.io/scenario': 'dra-stock' } };

let cluster: Cluster;
let peer: DraPeer;

beforeAll(async () => {
  cluster = await acquireCluster({ realNode: false });
  await cluster.kubectl(['delete', 'node', NODE, '--ignore-not-found']);
  await send('create', draNode('dra-stock', NODE), namespaceNamed(NAMESPACE));
  peer = await DraPeer.start({ kubeconfig: cluster.kubeconfig, nodes: [{ node: NODE, mode: 'dynamic', gpus: 1 }] });
});

afterAll(async () => {
  await clear();
  await cluster.kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
  await cluster.kubectl(['delete', 'node', NODE]);
  await cluster.kubectl(['delete', 'devicetaintrule', 'dra-stock', '--ignore-not-found']);
  await peer?.stop();
  await cluster?.release();
});

async function send(verb: string, ...items: readonly object[]): Promise<void> {
  await cluster.kubectl([verb, '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
}

async function get<T>(...args: readonly string[]): Promise<T> {
  return JSON.parse(await cluster.kubectl(['get', ...args, '-n', NAMESPACE, '-o', 'json']));
}

async function bound(name: string): Promise<Pod> {
  return await eventually(`pod ${name} is bound`, async () => {
    const pod = await get<Pod>('pod', name);
    return pod.spec?.nodeName === undefined ? undefined : pod;
  });
}

async function clear(): Promise<void> {
  for (const kind of ['pods', 'resourceclaims']) {
    await cluster.kubectl(['delete', kind, '--all', '-n', NAMESPACE, '--grace-period=0', '--force']);
  }
}

/**
 * What the planner writes: the finalizer with the object; devices, node and time with the status. Without the time
 * kube-scheduler puts its own there, which the API server refuses as a change of the allocation, and the pod is not bound.
 */
async function allocate(name: string, device: string): Promise<void> {
  const finalizers = ['resource.kubernetes.io/delete-protection'];
  const patch = (body: object, more: readonly string[] = []): Promise<string> =>
    cluster.kubectl([
      'patch',
      'resourceclaim',
      name,
      '-n',
      NAMESPACE,
      '--type=merge',
      '-p',
      JSON.stringify(body),
      ...more,
    ]);
  await patch({ metadata: { finalizers } });
  const results = [{ request: 'gpu', driver: 'gpu.nvidia.com', pool: NODE, device }];
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [NODE] }];
  const allocationTimestamp = new Date().toISOString().replace(/\.\d+/, '');
  const nodeSelector = { nodeSelectorTerms: [{ matchFields }] };
  const allocation = { devices: { results }, nodeSelector, allocationTimestamp };
  await patch({ status: { allocation } }, ['--subresource=status']);
}

describe('kube-scheduler', () => {
  it('takes the first slot that fits, which makes 4g and 7g impossible', async () => {
    await send('create', claimNamed(NAMESPACE, 'first', '1g.10gb'));
    await send('create', claimPod(NAMESPACE, 'first', { resourceClaimName: 'first' }, inScenario));
    await bound('first');
    expect(slotOf(await get<ResourceClaim>('resourceclaim', 'first'))).toBe(FIRST_FIT);
    await clear();
  });

  it('honours an allocation that another wrote, reserves it and lets the driver prepare it', async () => {
    await send('create', claimNamed(NAMESPACE, 'ours', '1g.10gb'));
    await allocate('ours', OURS);
    await send('create', claimPod(NAMESPACE, 'ours', { resourceClaimName: 'ours' }, inScenario));
    const pod = await bound('ours');
    expect(pod.spec?.nodeName).toBe(NODE);
    const claim = await get<ResourceClaim>('resourceclaim', 'ours');
    expect(slotOf(claim)).toBe(OURS);
    expect(claim.status?.reservedFor).toMatchObject([{ resource: 'pods', name: 'ours', uid: pod.metadata.uid }]);
    await eventually('the driver has prepared it', async () =>
      peer.prepared.devicesOf(`${NAMESPACE}/ours`).includes(OURS) ? true : undefined,
    );
    expect(peer.prepared.problems).toEqual([]);
    await clear();
  });

  it('allocates nothing on tainted devices, and still binds a pod whose claim is allocated there', async () => {
    const taint = { key: 'gpuoptimizer.io/allocator', effect: 'NoSchedule' };
    const deviceSelector = { driver: 'gpu.nvidia.com', pool: NODE };
    await send('create', {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceTaintRule',
      metadata: { name: 'dra-stock' },
      spec: { deviceSelector, taint },
    });
    await send('create', claimNamed(NAMESPACE, 'kept', '1g.10gb'), claimNamed(NAMESPACE, 'given', '1g.10gb'));
    await send('create', claimPod(NAMESPACE, 'kept', { resourceClaimName: 'kept' }, inScenario));
    await eventually('kube-scheduler finds no device', async () => {
      const pod = await get<Pod>('pod', 'kept');
      const refused = pod.status?.conditions?.some(({ reason }) => reason === 'Unschedulable');
      return refused === true ? true : undefined;
    });
    await allocate('given', OURS);
    await send('create', claimPod(NAMESPACE, 'given', { resourceClaimName: 'given' }, inScenario));
    await bound('given');
    expect(slotOf(await get<ResourceClaim>('resourceclaim', 'given'))).toBe(OURS);
    expect(slotOf(await get<ResourceClaim>('resourceclaim', 'kept'))).toBeUndefined();
    await cluster.kubectl(['delete', 'devicetaintrule', 'dra-stock']);
    await bound('kept');
    expect(peer.prepared.problems).toEqual([]);
    await clear();
  });

  it('leaves a node alone whose slices are incomplete or name a device twice', async () => {
    for (const misdeed of ['vanish', 'duplicate'] as const) {
      await peer.misbehave(NODE, misdeed);
      await send('create', claimNamed(NAMESPACE, misdeed, '1g.10gb'));
      await send('create', claimPod(NAMESPACE, misdeed, { resourceClaimName: misdeed }, inScenario));
      await eventually('kube-scheduler waits', async () => {
        const pod = await get<Pod>('pod', misdeed);
        return pod.status?.conditions?.some(({ type }) => type === 'PodScheduled') === true ? true : undefined;
      });
      expect(slotOf(await get<ResourceClaim>('resourceclaim', misdeed))).toBeUndefined();
      await peer.publish(NODE);
      await bound(misdeed);
      await clear();
    }
  });
});
