import type { Pod } from '../kube/index.ts';
import { isFinished, takesRoom } from '../pools/index.ts';
import { GATE, PLAN_LABEL, PLANNED_CONDITION } from './names.ts';

/** Where a pod stands on its way to a node. `notice`: it was released and its condition still says that it waits. */
export type PodState = 'gated' | 'released' | 'bound' | 'notice';

/** Index of pods by state. */
export const PODS_BY_STATE = 'scheduling/state';

/** The states of a pod; none for a pod that is no business of the planner. */
export function statesOf(pod: Pod): readonly PodState[] {
  if (takesRoom(pod)) return hasStaleNotice(pod) ? ['bound', 'notice'] : ['bound'];
  if (isFinished(pod) || pod.metadata.deletionTimestamp !== undefined) return [];
  if (isGated(pod)) return ['gated'];
  if (pod.metadata.labels?.[PLAN_LABEL] === undefined) return [];
  return hasStaleNotice(pod) ? ['released', 'notice'] : ['released'];
}

/** Whether our gate holds the pod. */
export function isGated(pod: Pod): boolean {
  return pod.spec?.schedulingGates?.some((gate) => gate.name === GATE) === true;
}

/** Gates of others on the pod. */
export function foreignGates(pod: Pod): readonly string[] {
  return (pod.spec?.schedulingGates ?? []).map((gate) => gate.name).filter((name) => name !== GATE);
}

/** The pod's condition with this type. */
export function conditionOf(
  pod: Pod,
  type: string,
): NonNullable<NonNullable<Pod['status']>['conditions']>[number] | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

/** Whether kube-scheduler has looked at the pod and found no room for it. */
export function wasRefused(pod: Pod): boolean {
  const scheduled = conditionOf(pod, 'PodScheduled');
  return scheduled?.status === 'False' && scheduled.reason === 'Unschedulable';
}

function hasStaleNotice(pod: Pod): boolean {
  return conditionOf(pod, PLANNED_CONDITION)?.status === 'False' && !isGated(pod);
}

/** The node that the release pinned the pod to: the one name that every term of its required affinity ends with. */
export function pinnedNode(pod: Pod): string | undefined {
  const [term] =
    pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const field = term?.matchFields?.findLast(({ key, operator }) => key === 'metadata.name' && operator === 'In');
  return field?.values?.length === 1 ? field.values[0] : undefined;
}
