import { Pod } from '../../kube/index.ts';
import type { EventIntent } from '../../runtime/index.ts';

/** Says that the API server refused to allocate a claim of a pod. */
export function allocationRefusedEvent(pod: Pod, why: string): EventIntent {
  return {
    regarding: pod,
    kind: Pod,
    type: 'Warning',
    reason: 'GPUClaimRefused',
    action: 'Allocate',
    note: `Devices were chosen for the pod, but its claim could not be allocated: ${why}`,
    dedupeKey: `${pod.metadata.uid}/GPUClaimRefused`,
  };
}
