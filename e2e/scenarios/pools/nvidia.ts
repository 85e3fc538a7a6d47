import { join } from 'node:path';
import { openApi } from '../../bench/api.ts';
import type { FleetNode } from '../../fleet/nodes.ts';
import {
  type DevicePluginPeer,
  deployLabels,
  HARDWARE_ANNOTATION,
  hardwareText,
  startDevicePlugin,
} from '../../peers/device-plugin/index.ts';
import { type MigManagerPeer, startMigManager } from '../../peers/mig-manager/index.ts';
import { gpuNode, namespaceNamed } from '../gpu/objects.ts';
import { eventually, OperatorProcess } from '../gpu/operator.ts';
import type { GpuWorld } from '../gpu/world.ts';

/** Where the components of the GPU Operator run. */
export const NVIDIA_SPACE = 'pools-nvidia';

const SYSTEM = 'gpuopt-system';
const RIGHTS = join(import.meta.dirname, '../../../config/rbac/operator.yaml');

/** An operator with the rights that an installation gives it, and no more. */
export async function installedOperator(world: GpuWorld): Promise<OperatorProcess> {
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: SYSTEM, name: 'gpuopt' } };
  await world.send(['apply', '--server-side'], namespaceNamed(SYSTEM), account);
  await world.cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', RIGHTS]);
  return new OperatorProcess(await world.cluster.kubeconfigForServiceAccount(SYSTEM, 'gpuopt'));
}

/** The GPU Operator as far as nodes and this operator see it. */
export interface Nvidia {
  readonly mig: MigManagerPeer;
  readonly plugin: DevicePluginPeer;
  /** Sets fields of the ClusterPolicy's spec. */
  policy(spec: object): Promise<void>;
  /** Ends the peers and deletes what they and this made, the definitions of NVIDIA's kinds included. */
  end(): Promise<void>;
}

/** What the ClusterPolicy of an admin says who did what the conditions ask for. */
export const configured = {
  mig: { strategy: 'mixed' },
  migManager: { config: { name: 'gpuoptimizer-mig-layouts', default: 'all-disabled' } },
  devicePlugin: { config: { name: 'gpuoptimizer-device-plugin', default: 'gpo-exclusive' } },
};

/** A node with whole H100s that the peers play. */
export function nvidiaNode(
  scenario: string,
  name: string,
  gpus: number,
  labels: Record<string, string> = {},
): FleetNode {
  const node = gpuNode(
    scenario,
    name,
    {},
    {
      'nvidia.com/gpu.count': String(gpus),
      'nvidia.com/gpu.memory': '81559',
      'nvidia.com/mig.capable': 'true',
      ...deployLabels,
      ...labels,
    },
  );
  const hardware = hardwareText(Array.from({ length: gpus }, () => ({})));
  const annotations = { ...node.metadata.annotations, [HARDWARE_ANNOTATION]: hardware };
  return { ...node, metadata: { ...node.metadata, annotations } };
}

/** Installs NVIDIA's kinds and a ClusterPolicy, and starts the peers for the nodes of a scenario. */
export async function installNvidia(world: GpuWorld, scenario: string, spec: object = configured): Promise<Nvidia> {
  await world.send(
    ['apply', '--server-side', '--force-conflicts'],
    definition('clusterpolicies', 'ClusterPolicy', 'v1'),
    definition('gpuclusters', 'GPUCluster', 'v1alpha1'),
    namespaceNamed(NVIDIA_SPACE),
  );
  const crds = ['crd/clusterpolicies.nvidia.com', 'crd/gpuclusters.nvidia.com'];
  await world.cluster.kubectl(['wait', '--for=condition=Established', '--timeout=60s', ...crds]);
  const policy = (fields: object): Promise<void> =>
    world
      .send(['apply', '--server-side', '--force-conflicts'], {
        apiVersion: 'nvidia.com/v1',
        kind: 'ClusterPolicy',
        metadata: { name: 'cluster-policy' },
        spec: fields,
      })
      .then(() => undefined);
  await policy(spec);
  const options = {
    kubeconfig: world.cluster.kubeconfig,
    namespace: NVIDIA_SPACE,
    selector: `gpuoptimizer.io/scenario=${scenario}`,
    syncMillis: 1_000,
    complain: (message: string) => process.stderr.write(`peer: ${message}\n`),
  };
  const plugin = await startDevicePlugin(options);
  const mig = startMigManager(options);
  return {
    mig,
    plugin,
    policy,
    end: async () => {
      await Promise.all([mig.stop(), plugin.stop()]);
      await letGo(world);
      await world.cluster.kubectl(['delete', 'namespace', NVIDIA_SPACE, '--ignore-not-found', '--wait=false']);
      await world.cluster.kubectl(['delete', '--ignore-not-found', ...crds]);
      await world.cluster.kubectl(['delete', 'serviceaccount', 'gpuopt', '-n', SYSTEM, '--ignore-not-found']);
      await world.cluster.kubectl(['delete', '-f', RIGHTS, '--ignore-not-found']);
    },
  };
}

function definition(plural: string, kind: string, version: string): object {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.nvidia.com` },
    spec: {
      group: 'nvidia.com',
      names: { plural, kind, singular: kind.toLowerCase() },
      scope: 'Cluster',
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
}

/** Resolves the moment the change of a node is at this step. */
export async function stepReached(world: GpuWorld, node: string, step: string): Promise<void> {
  const api = openApi(world.cluster.kubeconfig);
  const path = `/api/v1/nodes?watch=1&fieldSelector=metadata.name%3D${node}`;
  const patience = AbortSignal.timeout(120_000);
  interface Annotated {
    readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  }
  try {
    for await (const { object } of api.watchWhole<Annotated>(path, patience)) {
      const text = object.metadata.annotations?.['gpuoptimizer.io/reconfigure'];
      if (text?.includes(`"step":"${step}"`)) return;
    }
    throw new Error(`node ${node} never came to step ${step}`);
  } finally {
    await api.close();
  }
}

/** What a node looks like to somebody who cares how its GPUs are shared. */
export interface NodeLook {
  readonly cordoned: boolean;
  readonly step: string | undefined;
  readonly why: string | undefined;
  /** Allocatable devices that are not zero. */
  readonly devices: Readonly<Record<string, number>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly string[];
}

/** Reads it. */
export async function look(world: GpuWorld, name: string): Promise<NodeLook> {
  const node = await world.get<{
    readonly metadata: { labels?: Record<string, string>; annotations?: Record<string, string> };
    readonly spec?: { unschedulable?: boolean; taints?: { key: string }[] };
    readonly status?: { allocatable?: Record<string, string> };
  }>('node', name);
  const operation = JSON.parse(node.metadata.annotations?.['gpuoptimizer.io/reconfigure'] ?? '{}');
  const devices = Object.entries(node.status?.allocatable ?? {})
    .filter(([key, count]) => key.startsWith('nvidia.com/') && count !== '0')
    .map(([key, count]) => [key.replace('nvidia.com/', ''), Number(count)]);
  return {
    cordoned: node.spec?.unschedulable === true,
    step: operation.step,
    why: operation.why,
    devices: Object.fromEntries(devices),
    labels: node.metadata.labels ?? {},
    taints: (node.spec?.taints ?? []).map(({ key }) => key),
  };
}

/** Waits until a node looks so. */
export function nodeLooks(
  world: GpuWorld,
  name: string,
  what: string,
  wanted: (found: NodeLook) => boolean,
  timeoutMs = 120_000,
): Promise<NodeLook> {
  return eventually(
    `node ${name}: ${what}`,
    async () => {
      const found = await look(world, name);
      return wanted(found) ? found : undefined;
    },
    timeoutMs,
  );
}

/** Whether a node is at rest and hands out exactly these devices. */
export function rests(devices: Readonly<Record<string, number>>): (found: NodeLook) => boolean {
  return (found) => {
    const names = new Set([...Object.keys(devices), ...Object.keys(found.devices)]);
    return found.step === undefined && [...names].every((name) => devices[name] === found.devices[name]);
  };
}

/** Names of events on a node. */
export async function nodeEvents(world: GpuWorld, node: string): Promise<readonly string[]> {
  const events = await world.get<{ readonly items: readonly { reason?: string; regarding?: { name?: string } }[] }>(
    'events.events.k8s.io',
    '-A',
  );
  return events.items.filter(({ regarding }) => regarding?.name === node).map(({ reason }) => reason ?? '');
}

/** Frees the components that a wedge held. */
async function letGo(world: GpuWorld): Promise<void> {
  for (const { metadata } of await world.pods(NVIDIA_SPACE)) {
    const patch = ['--type=merge', '-p', '{"metadata":{"finalizers":null}}'];
    await world.cluster.tryKubectl(['patch', 'pod', metadata.name ?? '', '-n', NVIDIA_SPACE, ...patch]);
  }
}
