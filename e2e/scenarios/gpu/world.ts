import { join } from 'node:path';
import type { Pod } from '../../../operator/kube/index.ts';
import { acquireCluster, type Cluster } from '../../cluster/index.ts';
import type { FleetNode } from '../../fleet/nodes.ts';
import { eventually, OperatorProcess } from './operator.ts';

const root = join(import.meta.dirname, '../../..');

/** A cluster with our definitions and policies, and an operator beside it. */
export interface GpuWorld {
  readonly cluster: Cluster;
  readonly operator: OperatorProcess;
  /** kubectl with objects on its standard input. */
  send(verb: readonly string[], ...objects: readonly object[]): Promise<string>;
  /** Makes nodes anew; they are created and not applied, because an apply drops the status with their resources. */
  addNodes(...nodes: readonly FleetNode[]): Promise<void>;
  get<T>(...args: readonly string[]): Promise<T>;
  pods(namespace: string): Promise<readonly Pod[]>;
  /** Waits until the operator has labelled the namespace as that of a tenant, or of nobody. */
  belongs(namespace: string, tenant: string | undefined): Promise<void>;
  /** Deletes what was made, pods first, and stops the operator. */
  end(leavings: { readonly namespaces: readonly string[]; readonly objects: readonly string[] }): Promise<void>;
}

/** Starts or joins the cluster, or takes one, and installs what pods and scheduling need; the operator is not started yet. */
export async function gpuWorld(given?: Cluster): Promise<GpuWorld> {
  const cluster = given ?? (await acquireCluster({ realNode: false }));
  const operator = new OperatorProcess(cluster.kubeconfig);
  const { kubectl } = cluster;
  await kubectl(['apply', '--server-side', '--force-conflicts', '-k', join(root, 'crds')]);
  await kubectl(['apply', '--server-side', '--force-conflicts', '-k', join(root, 'config/policies')]);
  await kubectl([
    'wait',
    '--for=condition=Established',
    '--timeout=60s',
    'crd/gpupools.gpuoptimizer.io',
    'crd/tenants.gpuoptimizer.io',
  ]);
  const get = async <T>(...args: readonly string[]): Promise<T> =>
    JSON.parse(await kubectl(['get', ...args, '-o', 'json']));
  const pods = async (namespace: string): Promise<readonly Pod[]> =>
    (await get<{ readonly items: readonly Pod[] }>('pods', '-n', namespace)).items;
  const send: GpuWorld['send'] = (verb, ...objects) =>
    kubectl([...verb, '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }) });
  const belongs: GpuWorld['belongs'] = async (namespace, tenant) => {
    await eventually(`the namespace ${namespace} is of ${tenant ?? 'nobody'}`, async () => {
      const { metadata } = await get<{ metadata: Pod['metadata'] }>('namespace', namespace);
      return metadata.labels?.['gpuoptimizer.io/tenant'] === tenant ? true : undefined;
    });
  };
  return {
    cluster,
    operator,
    get,
    pods,
    belongs,
    send,
    addNodes: async (...nodes) => {
      await kubectl(['delete', 'node', '--ignore-not-found', ...nodes.map(({ metadata }) => metadata.name)]);
      await send(['create'], ...nodes);
    },
    end: async ({ namespaces, objects }) => {
      for (const namespace of namespaces) await emptied(cluster, pods, namespace);
      await operator.stop();
      for (const object of objects) await released(cluster, object);
      for (const namespace of namespaces) {
        await kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']);
      }
      await cluster.release();
    },
  };
}

/** How long metering has to close intervals and let pods go before they are freed without it. */
const METERING_MS = 15_000;

/** Deletes the namespace's pods; their finalizer is metering's, which lets go only where it runs. */
async function emptied(cluster: Cluster, pods: GpuWorld['pods'], namespace: string): Promise<void> {
  await cluster.tryKubectl([
    'delete',
    'jobs,pods',
    '--all',
    '-n',
    namespace,
    '--wait=false',
    '--grace-period=0',
    '--force',
  ]);
  const patience = Date.now() + METERING_MS;
  await eventually(`namespace ${namespace} is empty`, async () => {
    const left = await pods(namespace);
    if (Date.now() < patience) return left.length === 0 ? true : undefined;
    for (const { metadata } of left.slice(0, 20)) {
      const patch = ['--type=merge', '-p', '{"metadata":{"finalizers":null}}'];
      await cluster.tryKubectl(['patch', 'pod', metadata.name ?? '', '-n', namespace, ...patch]);
    }
    return left.length === 0 ? true : undefined;
  });
}

async function released(cluster: Cluster, object: string): Promise<void> {
  await cluster.tryKubectl(['patch', object, '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
  await cluster.kubectl(['delete', object, '--ignore-not-found']);
}
