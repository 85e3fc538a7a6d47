import type { Node } from './kinds.ts';
import { projectMeta } from './project-meta.ts';

/** Cuts a node to metadata, taints, schedulability, resources and conditions: about a fifth of its size. */
export function projectNode(node: Node): Node {
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
