import { Pod } from '../kube/index.ts';
import type { ConditionIntent, EventIntent } from '../runtime/index.ts';
import { PLAN_LABEL } from './names.ts';
import { pinnedNode } from './pod-state.ts';

/** Says on the pod why it waits; once for each reason. */
export function waitingEvent(pod: Pod, { reason, message }: ConditionIntent): EventIntent {
  return {
    regarding: pod,
    kind: Pod,
    type: 'Normal',
    reason: 'GPUPlanWaiting',
    action: 'Plan',
    note: `${reason}: ${message}`,
    dedupeKey: `${pod.metadata.uid}/GPUPlanWaiting/${reason}`,
  };
}

/** Says that a released pod was not bound in time. A gate cannot be put back, so a person or its owner must replace it. */
export function bindTimeoutEvent(pod: Pod): EventIntent {
  return {
    regarding: pod,
    kind: Pod,
    type: 'Warning',
    reason: 'GPUPlanBindTimeout',
    action: 'Bind',
    note: `kube-scheduler refused the pod on node ${pinnedNode(pod) ?? '(none)'} for more than a minute, so its place is given to others; see the pod's PodScheduled condition, and delete the pod to have it planned again.`,
    dedupeKey: `${pod.metadata.uid}/GPUPlanBindTimeout`,
  };
}

/** Says that the API server refused a release. */
export function releaseRefusedEvent(pod: Pod, why: string): EventIntent {
  return {
    regarding: pod,
    kind: Pod,
    type: 'Warning',
    reason: 'GPUPlanReleaseRefused',
    action: 'Release',
    note: `The pod has a place, but its gate could not be removed: ${why}`,
    dedupeKey: `${pod.metadata.uid}/GPUPlanReleaseRefused/${pod.metadata.labels?.[PLAN_LABEL] ?? ''}`,
  };
}
