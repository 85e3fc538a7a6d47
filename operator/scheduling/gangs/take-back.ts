import type { Context } from '../../runtime/index.ts';
import { gangEvictedEvent, gangIncompleteEvent } from '../events.ts';
import type { PartialGang } from './partial.ts';

/**
 * Says of gangs that they do not run whole, and takes those back that are to be planned again: first what runs, where a
 * PodDisruptionBudget may object, then what waits. A gang of which a pod may not go stays as it is until the next pass.
 */
export async function reportPartial(gangs: readonly PartialGang[], ctx: Context): Promise<void> {
  for (const gang of gangs) {
    const pods = [...gang.bound, ...gang.late];
    const [first] = gang.late.length > 0 ? gang.late : pods;
    if (first !== undefined) ctx.event(gangIncompleteEvent(first, gang));
    ctx.log.warn({ gang: gang.key, need: gang.need, have: gang.have }, 'a gang does not run whole');
    if (!gang.evict) continue;
    for (const pod of pods) {
      if ((await ctx.evict(pod)) === 'blocked') break;
      ctx.event(gangEvictedEvent(pod, gang));
    }
  }
}
