import type { PoolHealth } from '../../api/index.ts';
import type { Node, Pod } from '../../kube/index.ts';
import { nodeGpus } from '../nvidia/node-gpus.ts';
import { nodeCondition } from '../nvidia/node-health.ts';
import { nodeOwner, quarantined, upgradesDriver } from '../nvidia/node-owner.ts';

/** What can make a node unfit. */
export type Signal = NonNullable<PoolHealth['signals']>[number];

/** A signal that holds, in a few words. */
export interface Sickness {
  readonly signal: Signal;
  readonly why: string;
}

const finders: Readonly<Record<Signal, (node: Node) => string | undefined>> = {
  NodeCondition: nodeCondition,
  Xid: withdrawn,
  DriverUpgrade: upgradesDriver,
  NVSentinel: (node) => quarantined(node) ?? watched(node),
};
const order: readonly Signal[] = ['NodeCondition', 'Xid', 'DriverUpgrade', 'NVSentinel'];

/** The first of the signals that holds on the node; undefined when none does. */
export function sickness(node: Node, signals: readonly Signal[] = order): Sickness | undefined {
  for (const signal of order) {
    const why = signals.includes(signal) ? finders[signal](node) : undefined;
    if (why !== undefined) return { signal, why };
  }
  return undefined;
}

/**
 * The device plugin withdraws a GPU after an Xid error: the kubelet then hands out less than there is. When it hands out
 * nothing at all the plugin itself is away, as after each change, and that says nothing about GPUs.
 */
function withdrawn(node: Node): string | undefined {
  const gpus = nodeGpus(node);
  if (gpus.withdrawn === 0 || gpus.resources.every(({ count }) => count === 0)) return undefined;
  return `the device plugin withdrew ${gpus.withdrawn} GPU(s)`;
}

/** NVSentinel's monitors set conditions such as GpuMemWatch. */
function watched(node: Node): string | undefined {
  const found = node.status?.conditions?.find(({ type, status }) => /^Gpu\w*Watch$/.test(type) && status === 'True');
  return found === undefined ? undefined : `condition ${found.type}`;
}

/** Whether the kubelet reports a device of the pod as unhealthy; it does where ResourceHealthStatus is on. */
export function holdsBadDevice(pod: Pod): boolean {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  return [...containerStatuses, ...initContainerStatuses].some((container) =>
    (container.allocatedResourcesStatus ?? []).some(({ resources = [] }) =>
      resources.some(({ health }) => health === 'Unhealthy'),
    ),
  );
}

/** Pods to evict from a sick node: those on a bad device, and none where another actor drains the node itself. */
export function toDrain(node: Node, pods: readonly Pod[], action: PoolHealth['action']): readonly Pod[] {
  if (action !== 'DrainAffected' || nodeOwner(node) !== undefined) return [];
  return pods.filter((pod) => pod.metadata.deletionTimestamp === undefined && holdsBadDevice(pod));
}
