import { featureLabels, type PluginConfig, readPluginConfig, resourcesOf } from './advertise.ts';
import { hardwareOf } from './hardware.ts';
import { type GpuNode, type Loop, type OperandPod, openNodeApi, repeat } from './node-api.ts';
import { deployOperands } from './operands.ts';

/** Ways in which a node's device plugin misbehaves on purpose. */
export interface PluginFault {
  /** GPUs or devices that it withdraws after an Xid error: capacity stays, allocatable falls. */
  readonly withdraw?: number;
  /** Advertises one MIG device less than there are. */
  readonly wrong?: boolean;
}

/** How a peer runs. */
export interface PluginOptions {
  readonly kubeconfig: string;
  /** Where the components run and their ConfigMap lies. */
  readonly namespace: string;
  /** Label selector of the nodes it plays. */
  readonly selector: string;
  /** How long a changed ConfigMap takes to reach the plugin, as the kubelet's sync does. */
  readonly syncMillis?: number;
  /** How long the plugin takes to start. */
  readonly startMillis?: number;
  readonly complain?: (message: string) => void;
}

/** A running peer. */
export interface DevicePluginPeer extends Loop {
  /** Makes a node's plugin misbehave; an empty fault ends that. */
  fault(node: string, fault: PluginFault): void;
}

const POLL_MILLIS = 200;
const SYNC_MILLIS = 2_000;
const START_MILLIS = 500;

/** Plays device plugin, GPU Feature Discovery and the kubelet's device manager for fake nodes, and deploys their DaemonSets. */
export async function startDevicePlugin(options: PluginOptions): Promise<DevicePluginPeer> {
  const { namespace, selector, syncMillis = SYNC_MILLIS, startMillis = START_MILLIS } = options;
  const api = openNodeApi(options.kubeconfig);
  await deployOperands(api, namespace);
  const faults = new Map<string, PluginFault>();
  /** When the plugin of a node came up with this configuration; it hands out devices a while later. */
  const started = new Map<string, { readonly with: string; readonly at: number }>();
  let mounted: { readonly at: number; readonly files: Readonly<Record<string, string>> } | undefined;

  const files = async (): Promise<Readonly<Record<string, string>>> => {
    if (mounted !== undefined && Date.now() - mounted.at < syncMillis) return mounted.files;
    const name = (await api.clusterPolicy())?.devicePlugin?.config?.name ?? '';
    mounted = { at: Date.now(), files: name === '' ? {} : await api.configMap(namespace, name) };
    return mounted.files;
  };

  const pass = async (): Promise<void> => {
    const [nodes, pods, configs] = await Promise.all([api.nodes(selector), api.pods(namespace), files()]);
    for (const node of nodes) await play(node, pods, configs);
  };

  const play = async (
    node: GpuNode,
    pods: readonly OperandPod[],
    configs: Readonly<Record<string, string>>,
  ): Promise<void> => {
    const { name, labels = {} } = node.metadata;
    const chosen = labels['nvidia.com/device-plugin.config'] ?? '';
    const plugin = runningPod(pods, name, 'nvidia-device-plugin-daemonset');
    const running = plugin === undefined ? undefined : `${plugin.metadata.name}/${chosen}`;
    if (running === undefined) started.delete(name);
    else if (started.get(name)?.with !== running) started.set(name, { with: running, at: Date.now() });
    const since = started.get(name);
    const ready = since !== undefined && Date.now() - since.at >= startMillis;
    // A name that the mounted files do not have keeps the plugin from starting.
    const config = chosen !== '' && configs[chosen] === undefined ? undefined : readPluginConfig(configs[chosen]);
    await handOut(node, ready && config !== undefined ? config : undefined);
    if (config !== undefined && ready && runningPod(pods, name, 'gpu-feature-discovery') !== undefined) {
      await describe(node, config);
    }
  };

  /** What the kubelet hands out: nothing while no plugin is registered, and 0 of what it knew before. */
  const handOut = async (node: GpuNode, config: PluginConfig | undefined): Promise<void> => {
    const { name } = node.metadata;
    const { withdraw = 0, wrong = false } = faults.get(name) ?? {};
    const devices = config === undefined ? {} : { ...resourcesOf(hardwareOf(node), config) };
    if (wrong)
      for (const key of Object.keys(devices)) if (key.includes('/mig-')) devices[key] = (devices[key] ?? 0) - 1;
    const known = Object.keys(node.status?.capacity ?? {}).filter((key) => key.startsWith('nvidia.com/'));
    const capacity: Record<string, string> = {};
    const allocatable: Record<string, string> = {};
    for (const key of new Set([...known, ...Object.keys(devices)])) {
      const count = devices[key] ?? 0;
      if (config !== undefined) capacity[key] = String(count);
      allocatable[key] = String(Math.max(0, key === 'nvidia.com/gpu' ? count - withdraw : count));
    }
    if (isSame(capacity, node.status?.capacity) && isSame(allocatable, node.status?.allocatable)) return;
    await api.resources(name, { capacity, allocatable });
  };

  const describe = async (node: GpuNode, config: PluginConfig): Promise<void> => {
    const { name, labels = {} } = node.metadata;
    const product = labels['nvidia.com/gpu.product'] ?? '';
    const wanted = featureLabels(hardwareOf(node), config, product, labels);
    const differs = Object.entries(wanted).some(([key, value]) => (labels[key] ?? null) !== value);
    if (differs) await api.mark(name, wanted);
  };

  const loop = repeat(POLL_MILLIS, pass, options.complain ?? (() => undefined));
  return {
    fault: (node, fault) => {
      faults.set(node, fault);
    },
    stop: async () => {
      await loop.stop();
      await api.close();
    },
  };
}

function runningPod(pods: readonly OperandPod[], node: string, app: string): OperandPod | undefined {
  return pods.find(
    ({ metadata, spec, status }) =>
      metadata.labels?.app === app &&
      metadata.deletionTimestamp === undefined &&
      spec?.nodeName === node &&
      status?.phase === 'Running',
  );
}

function isSame(
  wanted: Readonly<Record<string, string>>,
  found: Readonly<Record<string, string>> | undefined,
): boolean {
  return Object.entries(wanted).every(([key, value]) => found?.[key] === value);
}
