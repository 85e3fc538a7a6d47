import { Pod } from '../../kube/index.ts';
import type { EventIntent } from '../../runtime/index.ts';
import type { Evicting } from './decide.ts';

/** Most names that a sentence spells out. */
const NAMED = 4;

/** Some names, and how many more there are. */
function named(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${names.slice(0, NAMED).join(', ')}${more}`;
}

/** Who goes for a gang, in a sentence for its condition and its event. */
export function victimsText({ victims }: Pick<Evicting, 'victims'>): string {
  const names = victims.flatMap(({ pods }) => pods.map(({ key }) => key)).sort();
  return `Evicted to make its place: ${named(names)}.`;
}

/** Says on a pod for whom others go. */
export function preemptingEvent(pod: Pod, evicting: Evicting): EventIntent {
  return {
    regarding: pod,
    kind: Pod,
    type: 'Normal',
    reason: 'GPUPreempting',
    action: 'Preempt',
    note: victimsText(evicting),
    dedupeKey: `${pod.metadata.uid}/GPUPreempting/${evicting.victims.map(({ gang }) => gang).join()}`,
  };
}

/** Says on a pod for whom it goes, and why it and not another. */
export function preemptedEvent(pod: Pod, { queued, ground, victims }: Evicting): EventIntent {
  const { gang, pods } = queued;
  const who = gang.tenant === undefined ? '' : ` of tenant ${gang.tenant}`;
  const why =
    ground === 'Reclaim'
      ? 'which is guaranteed what its own tenant only borrows'
      : `which has a higher priority (${gang.priority})`;
  const minutes = Math.round(victims.reduce((sum, { podMinutes }) => sum + podMinutes, 0));
  return {
    regarding: pod,
    kind: Pod,
    type: 'Warning',
    reason: 'GPUPreempted',
    action: 'Preempt',
    note: `It is evicted for ${named([...pods.keys()].sort())}${who}, ${why}. The eviction loses ${minutes} pod-minutes of work.`,
    dedupeKey: `${pod.metadata.uid}/GPUPreempted`,
  };
}

/** Says on a pod that others did not go for it. */
export function preemptionFailedEvent(pod: Pod, why: string): EventIntent {
  return {
    regarding: pod,
    kind: Pod,
    type: 'Warning',
    reason: 'GPUPreemptionFailed',
    action: 'Preempt',
    note: why,
    dedupeKey: `${pod.metadata.uid}/GPUPreemptionFailed/${why}`,
  };
}
