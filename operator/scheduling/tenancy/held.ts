import { keyText, type Pod } from '../../kube/index.ts';
import type { RunTimesOf } from '../eta/history.ts';
import type { RunningPod } from '../eta/replay.ts';
import { startedAt } from '../run-time.ts';

/** Annotations by which a pod asks not to be evicted, and the value with which it does. */
const UNDISTURBED = [
  ['karpenter.sh/do-not-disrupt', 'true'],
  ['cluster-autoscaler.kubernetes.io/safe-to-evict', 'false'],
] as const;

/** Whether a pod lets itself be evicted for others. */
export function isEvictable({ metadata }: Pod): boolean {
  return UNDISTURBED.every(([key, value]) => metadata.annotations?.[key] !== value);
}

/** What is expected of pods that hold room. */
export interface HeldFacts {
  /** When each is expected to end at the latest, by key, in milliseconds since the epoch. */
  readonly ends: ReadonlyMap<string, number>;
  /** Those that must not be evicted, by key. */
  readonly fixed: ReadonlySet<string>;
  /** Since when each runs and how long it is expected to, by key. */
  readonly running: ReadonlyMap<string, Pick<RunningPod, 'startedAt' | 'runs'>>;
}

/** When pods end and which of them must stay; one that runs longer than expected is taken to end at once, again and again. */
export function heldFacts(pods: readonly Pod[], now: number, runTimesOf: RunTimesOf): HeldFacts {
  const ends = new Map<string, number>();
  const fixed = new Set<string>();
  const running = new Map<string, Pick<RunningPod, 'startedAt' | 'runs'>>();
  for (const pod of pods) {
    const key = keyText(pod);
    if (!isEvictable(pod)) fixed.add(key);
    const runs = runTimesOf([pod]);
    const from = startedAt(pod);
    running.set(key, { startedAt: from, runs });
    if (runs !== undefined) ends.set(key, Math.max(now, (from ?? now) + runs.p90));
  }
  return { ends, fixed, running };
}
