import { Node, type Pod } from '../kube/index.ts';
import type { Reader } from '../runtime/index.ts';
import { deviceMilli, nodeGpus } from './nvidia/node-gpus.ts';
import { podRequests } from './pod-requests.ts';

/** Finds nodes by name; without a name, none. */
export type NodeLookup = (name: string | undefined) => Node | undefined;

/** A lookup in the cache. */
export function createNodeLookup(reader: Reader): NodeLookup {
  return (name) => (name === undefined ? undefined : reader.get(Node, { name }));
}

/**
 * What a pod holds on its node in thousandths of a GPU: a whole GPU 1000, a time-slice floor(1000 / replicas), a MIG
 * device max(compute share, memory share). 0 on an unknown node.
 */
export function allocatedMilli(pod: Pod, node: Node | undefined): number {
  const { devices } = podRequests(pod);
  if (node === undefined || devices.length === 0) return 0;
  const gpus = nodeGpus(node);
  return devices.reduce((sum, { resource, count }) => sum + count * deviceMilli(gpus, resource), 0);
}
