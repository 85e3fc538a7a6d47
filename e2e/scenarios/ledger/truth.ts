import type { Pod } from '../../../operator/kube/index.ts';

/** GPU-seconds that the pods held, from the API server's own words: bind to the last container's end, or to the deletion. */
export function trueSeconds(pods: readonly Pod[]): bigint {
  return pods.reduce((sum, pod) => sum + BigInt(gpusOf(pod)) * BigInt((endOf(pod) - bindOf(pod)) / 1000), 0n);
}

/** Seconds for which the pods were bound: what one device each is billed. */
export function podSeconds(pods: readonly Pod[]): bigint {
  return pods.reduce((sum, pod) => sum + BigInt((endOf(pod) - bindOf(pod)) / 1000), 0n);
}

/** The last moment that counts, in milliseconds since 1970. */
export function lastEnd(pods: readonly Pod[]): number {
  return Math.max(...pods.map(endOf));
}

/** Whether the scheduler has bound the pod. */
export function isBound(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'PodScheduled' && status === 'True') ?? false;
}

/** Whether the pod has ended by itself. */
export function isDone(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** GPUs that a pod asks for. */
export function gpusOf(pod: Pod): number {
  return Number(pod.spec?.containers[0]?.resources?.limits?.['nvidia.com/gpu'] ?? 0);
}

/** When the scheduler bound the pod, in milliseconds since 1970. */
export function bindOf(pod: Pod): number {
  const condition = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'True');
  return Date.parse(condition?.lastTransitionTime ?? '');
}

/** When its container ended or it was deleted, in milliseconds since 1970. */
export function endOf(pod: Pod): number {
  const finished = pod.status?.containerStatuses?.[0]?.state?.terminated?.finishedAt;
  return Date.parse(finished ?? pod.metadata.deletionTimestamp ?? '');
}
