/** Names that scheduling writes on pods, and those of others that it reads. */

/** The scheduling gate that the admission policy adds and only the planner removes. */
export const GATE = 'gpuoptimizer.io/plan';
/** Label on a released pod: the plan that released it; its value is the time of that plan, see `planId`. */
export const PLAN_LABEL = 'gpuoptimizer.io/plan';
/** Pod condition: False while the pod waits, with the reason; True once a pod that had to wait is released. */
export const PLANNED_CONDITION = 'gpuoptimizer.io/Planned';
/** Annotations that make any pods a gang. */
export const GANG_ANNOTATION = 'gpuoptimizer.io/gang';
export const GANG_SIZE_ANNOTATION = 'gpuoptimizer.io/gang-size';
/** Annotation on the pods of a gang that can run with fewer: how many must start together; the others follow singly. */
export const GANG_MIN_ANNOTATION = 'gpuoptimizer.io/gang-min';
/** Annotations with the label key of the level in one domain of which the pods of a gang must be, or should be. */
export const TOPOLOGY_REQUIRED_ANNOTATION = 'gpuoptimizer.io/topology-required';
export const TOPOLOGY_PREFERRED_ANNOTATION = 'gpuoptimizer.io/topology-preferred';
/** Annotation with how long a pod is expected to run, such as "90m" or "1h30m". */
export const EXPECTED_DURATION_ANNOTATION = 'gpuoptimizer.io/expected-duration';
/** Prefix of the PodGroups that the operator makes: they follow a gang that is known otherwise, and define none. */
export const POD_GROUP_PREFIX = 'gpuopt-';

/** Names by which other controllers mark pods that belong together. */
export const foreign = {
  kueueGroup: 'kueue.x-k8s.io/pod-group-name',
  kueueTotal: 'kueue.x-k8s.io/pod-group-total-count',
  kueueRequired: 'kueue.x-k8s.io/podset-required-topology',
  kueuePreferred: 'kueue.x-k8s.io/podset-preferred-topology',
  kueuePodSet: 'kueue.x-k8s.io/podset',
  lwsName: 'leaderworkerset.sigs.k8s.io/name',
  lwsGroup: 'leaderworkerset.sigs.k8s.io/group-key',
  lwsSize: 'leaderworkerset.sigs.k8s.io/size',
  lwsIndex: 'leaderworkerset.sigs.k8s.io/worker-index',
  jobSet: 'jobset.sigs.k8s.io/jobset-name',
  jobSetPart: 'jobset.sigs.k8s.io/replicatedjob-name',
  jobIndex: 'batch.kubernetes.io/job-completion-index',
} as const;

/** The id of a plan: its time in UTC, in a form that a label can hold (20261123T042214.123Z). */
export function planId(time: Date): string {
  return time.toISOString().replaceAll('-', '').replaceAll(':', '');
}

/** Milliseconds since the epoch of a plan id; undefined for anything else. */
export function planTime(id: string | undefined): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)\.(\d{3})Z$/.exec(id ?? '');
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second, milli] = parts.map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second, milli);
}
