import type { Node, Pod } from '../kube/index.ts';
import { nodeAilment } from './nvidia/node-health.ts';
import { takesRoom } from './pod-requests.ts';

/** Whether what the pod holds on a node changed: it was bound, ended or went. */
export function holdingChanged(now: Pod, before: Pod): boolean {
  return (
    now.spec?.nodeName !== before.spec?.nodeName ||
    takesRoom(now) !== takesRoom(before) ||
    now.metadata.deletionTimestamp !== before.metadata.deletionTimestamp
  );
}

/** Whether what the node offers changed: labels, taints, resources or health; heartbeats do not count. */
export function offerChanged(now: Node, before: Node): boolean {
  return (
    nodeAilment(now) !== nodeAilment(before) ||
    differ(now.metadata.labels, before.metadata.labels) ||
    differ(now.spec?.taints, before.spec?.taints) ||
    differ(now.status?.allocatable, before.status?.allocatable) ||
    differ(now.status?.capacity, before.status?.capacity)
  );
}

function differ(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) !== JSON.stringify(right);
}
