import type { V1Node } from '@kubernetes/client-node';
import { projectMeta } from './project-meta.ts';
import type { Resource } from './wire.ts';

/** A node as it travels. */
export type NodeObject = Resource<V1Node>;

/** Cuts a node to metadata, taints, schedulability, resources and conditions: about a fifth of its size. */
export function projectNode(node: NodeObject): NodeObject {
  return {
    metadata: projectMeta(node.metadata),
    spec: {
      taints: node.spec?.taints,
      unschedulable: node.spec?.unschedulable,
      providerID: node.spec?.providerID,
    },
    status: {
      capacity: node.status?.capacity,
      allocatable: node.status?.allocatable,
      conditions: node.status?.conditions?.map(({ type, status, reason, message, lastTransitionTime }) => ({
        type,
        status,
        reason,
        message,
        lastTransitionTime,
      })),
    },
  };
}
