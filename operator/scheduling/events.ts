import { Pod } from '../kube/index.ts';
import type { ConditionIntent, EventIntent } from '../runtime/index.ts';
import type { PartialGang } from './gangs/partial.ts';
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
    note: `kube-scheduler has refused the pod on node ${pinnedNode(pod) ?? '(none)'} since it was released, so its place is given to others; see the pod's PodScheduled condition, and delete the pod to have it planned again.`,
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

/** Says that a part of a gang holds GPUs, or is about to, and that the rest does not come. */
export function gangIncompleteEvent(pod: Pod, { key, need, have, late }: PartialGang): EventIntent {
  const waits = late.length === 0 ? 'the others are missing' : `${late.length} released and not bound`;
  return {
    regarding: pod,
    kind: Pod,
    type: 'Warning',
    reason: 'GPUGangIncomplete',
    action: 'Bind',
    note: `${have} of the ${need} pods of ${key} that start together are bound, ${waits}; see the condition PodScheduled of those that are not. spec.scheduling.gang.onPartialBind: Evict of the GPUPool takes such gangs back by itself.`,
    dedupeKey: `${key}/GPUGangIncomplete/${have}/${late.length}`,
  };
}

/** Says that a pod goes because its gang was not bound whole in time. */
export function gangEvictedEvent(pod: Pod, { key, need, have }: PartialGang): EventIntent {
  return {
    regarding: pod,
    kind: Pod,
    type: 'Warning',
    reason: 'GPUGangEvicted',
    action: 'Evict',
    note: `${have} of the ${need} pods of ${key} were bound in time, so all of it is taken back and planned again once its owner has made its pods anew.`,
    dedupeKey: `${pod.metadata.uid}/GPUGangEvicted`,
  };
}
