import { keyText, type Pod } from '../../kube/index.ts';
import type { RunTime } from '../planner/index.ts';
import { declaredMillis, startedAt } from '../run-time.ts';

/** Annotations by which a pod asks not to be evicted, and the value with which it does. */
const UNDISTURBED = [
  ['karpenter.sh/do-not-disrupt', 'true'],
  ['cluster-autoscaler.kubernetes.io/safe-to-evict', 'false'],
] as const;

/** Whether a pod lets itself be evicted for others. */
export function isEvictable({ metadata }: Pod): boolean {
  return UNDISTURBED.every(([key, value]) => metadata.annotations?.[key] !== value);
}

/** How long the pods of a gang run, as they declare it: as long as the longest. Undefined when one does not say. */
export function declaredRun(pods: readonly Pod[]): RunTime | undefined {
  const millis = pods.map(declaredMillis);
  if (millis.length === 0 || millis.includes(undefined)) return undefined;
  const longest = Math.max(...millis.map((one) => one ?? 0));
  return { p50: longest, p90: longest, basis: 'declared' };
}

/** What is expected of pods that hold room. */
export interface HeldFacts {
  /** When each is expected to end at the latest, by key, in milliseconds since the epoch. */
  readonly ends: ReadonlyMap<string, number>;
  /** Those that must not be evicted, by key. */
  readonly fixed: ReadonlySet<string>;
}

/** When pods end and which of them must stay; one that runs longer than expected is taken to end at once, again and again. */
export function heldFacts(pods: readonly Pod[], now: number): HeldFacts {
  const ends = new Map<string, number>();
  const fixed = new Set<string>();
  for (const pod of pods) {
    const key = keyText(pod);
    if (!isEvictable(pod)) fixed.add(key);
    const runs = declaredMillis(pod);
    if (runs !== undefined) ends.set(key, Math.max(now, (startedAt(pod) ?? now) + runs));
  }
  return { ends, fixed };
}
