import { type Pod, seconds } from '../../kube/index.ts';
import type { PatchBody } from '../../runtime/index.ts';
import type { Nominee } from '../planner/index.ts';
import { conditionOf } from '../pod-state.ts';

/**
 * Condition of a pod for which others are evicted. It stands in the status, which its owner cannot write, and survives
 * whoever leads, so that the freed room is held for it by the next leader too.
 */
export const PREEMPTION_CONDITION = 'gpuoptimizer.io/Preemption';
/** How long the freed room is held, in milliseconds: longer than most pods take to end. */
export const NOMINATION_MILLIS = seconds(300);
/** How long a pod for which it failed evicts nobody again, in milliseconds. */
const REST_MILLIS = seconds(300);

const EVICTED = 'VictimsEvicted';
const TIMED_OUT = 'TimedOut';

/** A gang with its gated pods by key. */
interface Gated {
  readonly gang: { readonly key: string };
  readonly pods: ReadonlyMap<string, Pod>;
}

/** Gangs for which others were evicted not too long ago, in the order in which that was. */
export function nomineesOf(queue: readonly Gated[], now: number): readonly Nominee[] {
  return queue
    .flatMap(({ gang, pods }) => {
      const nodes = new Map<string, string>();
      for (const [key, pod] of pods) {
        const node = isNominated(pod, now) ? pod.status?.nominatedNodeName : undefined;
        if (node !== undefined) nodes.set(key, node);
      }
      const since = Math.min(...[...pods.values()].map((pod) => sinceOf(pod) ?? Number.POSITIVE_INFINITY));
      return nodes.size === 0 ? [] : [{ gang: gang.key, nodes, since }];
    })
    .sort((left, right) => left.since - right.since || (left.gang < right.gang ? -1 : 1));
}

function isNominated(pod: Pod, now: number): boolean {
  const condition = conditionOf(pod, PREEMPTION_CONDITION);
  return condition?.status === 'True' && now - (sinceOf(pod) ?? 0) < NOMINATION_MILLIS;
}

/** Whether the time ran out in which a pod was to get the place of others. */
export function hasLapsed(pod: Pod, now: number): boolean {
  return conditionOf(pod, PREEMPTION_CONDITION)?.status === 'True' && !isNominated(pod, now);
}

/** Whether others went for it in vain, not long ago. */
export function rests(pod: Pod, now: number): boolean {
  if (hasLapsed(pod, now)) return true;
  const condition = conditionOf(pod, PREEMPTION_CONDITION);
  return condition?.status === 'False' && now - (sinceOf(pod) ?? 0) < REST_MILLIS;
}

function sinceOf(pod: Pod): number | undefined {
  const time = conditionOf(pod, PREEMPTION_CONDITION)?.lastTransitionTime;
  return time === undefined ? undefined : Date.parse(time);
}

/** Nominates a pod; one that is nominated already keeps its time, so that no gang holds room for ever. */
export function nominationPatch(pod: Pod, node: string, message: string, now: Date): PatchBody {
  const known = conditionOf(pod, PREEMPTION_CONDITION);
  const time = known?.status === 'True' ? known.lastTransitionTime : rfc3339(now);
  return patch(node, { status: 'True', reason: EVICTED, message, lastTransitionTime: time });
}

/** Ends a nomination whose time ran out. */
export function lapsePatch(now: Date): PatchBody {
  const message = 'Those who were evicted did not go in time; it waits again as others do.';
  return patch(null, { status: 'False', reason: TIMED_OUT, message, lastTransitionTime: rfc3339(now) });
}

function patch(nominatedNodeName: string | null, condition: object): PatchBody {
  const conditions = [{ type: PREEMPTION_CONDITION, ...condition }];
  return { type: 'strategic', subresource: 'status', body: { status: { nominatedNodeName, conditions } } };
}

function rfc3339(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
