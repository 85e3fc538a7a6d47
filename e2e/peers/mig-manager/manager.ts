import { setTimeout as delay } from 'node:timers/promises';
import { HARDWARE_ANNOTATION, hardwareOf, hardwareText } from '../device-plugin/hardware.ts';
import { type GpuNode, type Loop, type NodeApi, openNodeApi, repeat } from '../device-plugin/node-api.ts';
import { applyLayout, STOCK_FILE, sameGpus } from './layouts.ts';

/** Ways in which a node's mig-manager misbehaves on purpose, each for so many of its next runs. */
export const faultModes = [
  'wedge', //  its last component does not go in time: it ends without a word, `pending` and paused for ever
  'fail', //   says `failed` after it has stopped the components
  'reboot', // restarts the node to change the MIG mode
  'lose', //   misses that the label changed
  'wrong', //  leaves the GPUs as they were and says `success`
  'slow', //   takes ten times as long
] as const;

/** One of them. */
export type MigFault = (typeof faultModes)[number];

/** How a peer runs. */
export interface MigManagerOptions {
  readonly kubeconfig: string;
  /** Where the components run and the layouts lie. */
  readonly namespace: string;
  /** Label selector of the nodes it plays. */
  readonly selector: string;
  /** How long a changed ConfigMap takes to reach it, as the kubelet's sync does. */
  readonly syncMillis?: number;
  /** How long cutting takes. */
  readonly applyMillis?: number;
  /** How long it waits for each component to go; the real one waits five minutes. */
  readonly waitMillis?: number;
  readonly rebootMillis?: number;
  readonly complain?: (message: string) => void;
}

/** A running peer. */
export interface MigManagerPeer extends Loop {
  /** Makes the next runs on a node misbehave. */
  fault(node: string, mode: MigFault, runs?: number): void;
  /** Values of `nvidia.com/mig.config` that it acted on, by node. */
  readonly runs: ReadonlyMap<string, readonly string[]>;
}

const POLL_MILLIS = 200;
const SYNC_MILLIS = 2_000;
const APPLY_MILLIS = 500;
const WAIT_MILLIS = 300_000;
/** How long it waits for a component that does not go. */
const WEDGE_MILLIS = 3_000;
const REBOOT_MILLIS = 5_000;

const CONFIG = 'nvidia.com/mig.config';
const STATE = 'nvidia.com/mig.config.state';
const PAUSED = 'paused-for-mig-change';
const paused = ['device-plugin', 'gpu-feature-discovery', 'dcgm-exporter', 'dcgm', 'nvsm', 'client'].map(
  (name) => `nvidia.com/gpu.deploy.${name}`,
);
/** In the order in which it waits for them. */
const components = ['nvidia-device-plugin-daemonset', 'gpu-feature-discovery', 'nvidia-dcgm-exporter', 'nvidia-dcgm'];

/** Plays mig-manager for fake nodes, by the protocol of mig-parted's pkg/mig/reconfigure. */
export function startMigManager(options: MigManagerOptions): MigManagerPeer {
  const { selector, complain = () => undefined } = options;
  const api = openNodeApi(options.kubeconfig);
  const faults = new Map<string, { readonly mode: MigFault; readonly left: number }>();
  const runs = new Map<string, string[]>();
  /** The value that was acted on last. What changes during a run and changes back is never seen. */
  const lastRead = new Map<string, string | undefined>();
  const working = new Set<string>();
  const flights = new Set<Promise<void>>();
  const stopping = new AbortController();
  const file = mountedFile(api, options);

  const takeFault = (node: string): MigFault | undefined => {
    const planned = faults.get(node);
    if (planned === undefined) return undefined;
    if (planned.left > 1) faults.set(node, { ...planned, left: planned.left - 1 });
    else faults.delete(node);
    return planned.mode;
  };

  const pass = async (): Promise<void> => {
    for (const node of await api.nodes(selector)) {
      const { name, labels = {} } = node.metadata;
      const value = labels[CONFIG];
      if (working.has(name) || lastRead.get(name) === value) continue;
      lastRead.set(name, value);
      if (value === undefined) continue;
      working.add(name);
      const flight = reconfigure(node, value)
        .catch((error: unknown) => complain(error instanceof Error ? error.message : String(error)))
        .finally(() => working.delete(name));
      flights.add(flight);
      void flight.finally(() => flights.delete(flight));
    }
  };

  const reconfigure = async (node: GpuNode, value: string): Promise<void> => {
    const { name, labels = {} } = node.metadata;
    const mode = takeFault(name);
    if (mode === 'lose') return;
    const gpus = hardwareOf(node);
    const wanted = applyLayout(await file(), value, gpus);
    runs.set(name, [...(runs.get(name) ?? []), value]);
    if (wanted === undefined) return api.mark(name, { [STATE]: 'failed' });
    if (sameGpus(wanted, gpus)) return api.mark(name, { [STATE]: 'success' });
    await hold(name, mode === 'wedge');
    const stopped = paused.filter((key) => labels[key] === 'true' || labels[key] === PAUSED);
    await api.mark(name, { [STATE]: 'pending', ...Object.fromEntries(stopped.map((key) => [key, PAUSED])) });
    if (!(await componentsGone(name, mode === 'wedge' ? WEDGE_MILLIS : (options.waitMillis ?? WAIT_MILLIS)))) return;
    const { applyMillis = APPLY_MILLIS } = options;
    await pause(mode === 'slow' ? applyMillis * 10 : applyMillis);
    if (mode === 'fail') return api.mark(name, { [STATE]: 'failed', ...started(stopped) });
    if (mode === 'reboot') await reboot(name);
    const after = mode === 'wrong' ? gpus : wanted;
    await api.mark(name, { [STATE]: 'success', ...started(stopped) }, { [HARDWARE_ANNOTATION]: hardwareText(after) });
  };

  const started = (keys: readonly string[]): Record<string, string> =>
    Object.fromEntries(keys.map((key) => [key, 'true']));

  /** False when one of them is still there in the end: it gives up without a word, as the real one does. */
  const componentsGone = async (node: string, patience: number): Promise<boolean> => {
    for (const app of components) {
      const deadline = Date.now() + patience;
      for (;;) {
        const pods = await api.pods(options.namespace);
        const there = pods.some(({ metadata, spec }) => metadata.labels?.app === app && spec?.nodeName === node);
        if (!there) break;
        if (Date.now() > deadline || stopping.signal.aborted) return false;
        await pause(POLL_MILLIS);
      }
    }
    return true;
  };

  /** Keeps the node's last component from going, or lets it go: what a wedge comes from, and what ends it. */
  const hold = async (node: string, held: boolean): Promise<void> => {
    for (const { metadata, spec } of await api.pods(options.namespace)) {
      const last = metadata.labels?.app === components.at(-1) && spec?.nodeName === node;
      if (last) await api.hold(options.namespace, metadata.name, held);
    }
  };

  const reboot = async (node: string): Promise<void> => {
    await api.mark(node, { [STATE]: 'rebooting' });
    const until = Date.now() + (options.rebootMillis ?? REBOOT_MILLIS);
    while (Date.now() < until && !stopping.signal.aborted) {
      // KWOK's heartbeat would make the node ready again.
      await api.ready(node, 'False');
      await pause(POLL_MILLIS);
    }
    await api.ready(node, 'True');
  };

  const pause = (millis: number): Promise<void> =>
    delay(millis, undefined, { signal: stopping.signal }).catch(() => undefined);

  const loop = repeat(POLL_MILLIS, pass, complain);
  return {
    runs,
    fault: (node, mode, left = 1) => {
      faults.set(node, { mode, left });
    },
    stop: async () => {
      stopping.abort();
      await loop.stop();
      await Promise.all(flights);
      await api.close();
    },
  };
}

/** The file as it is mounted: older than the ConfigMap by up to the sync time. */
function mountedFile(api: NodeApi, { namespace, syncMillis = SYNC_MILLIS }: MigManagerOptions): () => Promise<string> {
  let mounted: { readonly at: number; readonly text: string } | undefined;
  return async () => {
    if (mounted !== undefined && Date.now() - mounted.at < syncMillis) return mounted.text;
    const name = (await api.clusterPolicy())?.migManager?.config?.name ?? '';
    const text = name === '' ? STOCK_FILE : ((await api.configMap(namespace, name))['config.yaml'] ?? '');
    mounted = { at: Date.now(), text };
    return text;
  };
}
