import { Pod, seconds } from '../../kube/index.ts';
import type { Clock } from '../../observability/index.ts';
import type { Context } from '../../runtime/index.ts';
import type { Decision } from '../decide.ts';
import { isOvertaken } from '../failures.ts';
import type { Facts } from '../observe.ts';
import { decidePreemption, type Evicting, mayPreempt } from './decide.ts';
import { preemptedEvent, preemptingEvent, preemptionFailedEvent, victimsText } from './events.ts';
import { hasLapsed, lapsePatch, nominationPatch } from './nomination.ts';
import { observePreemption } from './observe.ts';

/** How long a gang whose eviction the API server refused is spared, in milliseconds. */
const SPARED_MILLIS = seconds(60);

/** Makes room for waiting gangs by evicting others. Answers how many were evicted. */
export type Preempter = (facts: Facts, decision: Decision, ctx: Context) => Promise<readonly Pod[]>;

/**
 * A preempter. Who gets the room is written to the status of the pods before anybody is evicted, so the next leader holds
 * it for them and evicts what is still missing. Remembered are only evictions that were refused, to try others first.
 */
export function createPreempter(clock: Pick<Clock, 'monotonic'>): Preempter {
  const refused = new Map<string, number>();
  return async (facts, decision, ctx) => {
    await endLapsed(facts, ctx);
    if (!decision.waiting.some((one) => mayPreempt(one, facts))) return [];
    for (const [gang, at] of refused) if (clock.monotonic() - at > SPARED_MILLIS) refused.delete(gang);
    const known = observePreemption(ctx, ctx.now().getTime(), new Set(refused.keys()));
    const evicted: Pod[] = [];
    for (const evicting of decidePreemption(facts, decision, known)) {
      if (!(await nominate(evicting, ctx))) continue;
      for (const victim of evicting.victims) {
        const pods = victim.pods.flatMap(({ key }) => known.pods.get(key) ?? []);
        const done = await evictAll(pods, evicting, ctx);
        evicted.push(...done.evicted);
        if (done.blocked === undefined) continue;
        refused.set(victim.gang, clock.monotonic());
        const [first] = evicting.queued.pods.values();
        if (first !== undefined) ctx.event(preemptionFailedEvent(first, done.blocked));
      }
    }
    return evicted;
  };
}

/** Writes the place of each pod to its status; false when one of them went or changed, so that nobody is evicted for it. */
async function nominate(evicting: Evicting, ctx: Context): Promise<boolean> {
  const message = victimsText(evicting);
  for (const { member, node } of evicting.place) {
    const pod = evicting.queued.pods.get(member);
    if (pod === undefined) return false;
    const { name = '', namespace, uid } = pod.metadata;
    try {
      await ctx.patch(Pod, { namespace, name, uid }, nominationPatch(pod, node, message, ctx.now()));
    } catch (error) {
      if (isOvertaken(error)) return false;
      throw error;
    }
    ctx.event(preemptingEvent(pod, evicting));
  }
  return true;
}

/** Evicts the pods of one gang; what the API server refuses ends it, and the rest of the gang goes with a later pass. */
async function evictAll(
  pods: readonly Pod[],
  evicting: Evicting,
  ctx: Context,
): Promise<{ readonly evicted: readonly Pod[]; readonly blocked?: string }> {
  const evicted: Pod[] = [];
  for (const pod of pods) {
    try {
      const result = await ctx.evict(pod);
      if (result === 'blocked') {
        const blocked = `a PodDisruptionBudget keeps ${pod.metadata.namespace}/${pod.metadata.name} from being evicted; another is tried`;
        return { evicted, blocked };
      }
      if (result === 'gone') continue;
    } catch (error) {
      // It changed since it was looked at: the next pass decides again.
      if (isOvertaken(error)) return { evicted };
      throw error;
    }
    evicted.push(pod);
    ctx.event(preemptedEvent(pod, evicting));
  }
  return { evicted };
}

/** Gives up places that were held for too long. */
async function endLapsed({ queue, tenancy }: Facts, ctx: Context): Promise<void> {
  const lapsed = queue.flatMap(({ pods }) => [...pods.values()].filter((pod) => hasLapsed(pod, tenancy.now)));
  for (const pod of lapsed) {
    const { name = '', namespace, uid } = pod.metadata;
    try {
      await ctx.patch(Pod, { namespace, name, uid }, lapsePatch(ctx.now()));
    } catch (error) {
      if (!isOvertaken(error)) throw error;
      continue;
    }
    ctx.event(preemptionFailedEvent(pod, 'those who were evicted for it did not go in time; it waits again'));
  }
}
