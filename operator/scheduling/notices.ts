import { Pod, seconds } from '../kube/index.ts';
import type { Clock } from '../observability/index.ts';
import type { ConditionIntent, Context } from '../runtime/index.ts';
import { createPace, eachBounded } from './bounded.ts';
import type { Waiting } from './decide.ts';
import { waitingEvent } from './events.ts';
import { errorCode } from './failures.ts';
import { PLANNED_CONDITION } from './names.ts';
import { conditionOf } from './pod-state.ts';
import { releasedCondition, waitingCondition } from './report.ts';
import { conditionPatch } from './resources.ts';

/** Condition patches per second: a tenth of the releases, because they only inform. */
const NOTICES_PER_SECOND = 100;
const NOTICES_AT_ONCE = 8;
/** Condition patches in one pass, so that a long queue never delays a release by more than about a second. */
const NOTICES_PER_PASS = 100;
/** A message with new numbers is written at most this often for a pod; a new reason at once. */
const KEEP_MESSAGE_MILLIS = seconds(60);
/** Members of a gang come one after the other, and pods wait for others in a window: no news for so long. */
const YOUNG_MILLIS = seconds(3);

interface Notice {
  readonly pod: Pod;
  readonly condition: ConditionIntent;
}

/** Writes the condition Planned on pods that wait or were released. Answers how many are left for the next pass. */
export type Notifier = (waiting: readonly Waiting[], released: readonly Pod[], ctx: Context) => Promise<number>;

/**
 * A notifier that remembers when it last wrote on which pod. The memory only spares writes: after a restart at most one
 * message too many is written.
 */
export function createNotifier(clock: Pick<Clock, 'monotonic' | 'sleep'>): Notifier {
  const pace = createPace(clock, NOTICES_PER_SECOND);
  const written = new Map<string, number>();
  return async (waiting, released, ctx) => {
    const now = clock.monotonic();
    for (const [uid, at] of written) if (now - at > KEEP_MESSAGE_MILLIS) written.delete(uid);
    const settled = waiting.filter((one) => !isYoung(one, ctx.now()));
    const due = [
      ...released.map((pod): Notice => ({ pod, condition: releasedCondition() })),
      ...settled.flatMap(({ answer, queued }) => {
        const condition = waitingCondition(answer);
        return [...queued.pods.values()].map((pod): Notice => ({ pod, condition }));
      }),
    ].filter((notice) => isDue(notice, written));
    const first = due.slice(0, NOTICES_PER_PASS);
    await eachBounded(first, NOTICES_AT_ONCE, ctx.signal, async (notice) => {
      await pace.wait(ctx.signal);
      await write(notice, ctx);
      written.set(notice.pod.metadata.uid ?? '', clock.monotonic());
    });
    return due.length - first.length + waiting.length - settled.length;
  };
}

function isYoung({ answer, queued }: Waiting, now: Date): boolean {
  const isUsual = answer.blocker === 'Data' || answer.blocker === 'Window';
  return isUsual && now.getTime() - queued.gang.since < YOUNG_MILLIS;
}

function isDue({ pod, condition }: Notice, written: ReadonlyMap<string, number>): boolean {
  const before = conditionOf(pod, PLANNED_CONDITION);
  if (before?.status !== condition.status || before.reason !== condition.reason) return true;
  return before.message !== condition.message && !written.has(pod.metadata.uid ?? '');
}

async function write({ pod, condition }: Notice, ctx: Context): Promise<void> {
  const { name = '', namespace, uid } = pod.metadata;
  const before = conditionOf(pod, PLANNED_CONDITION);
  try {
    await ctx.patch(Pod, { namespace, name, uid }, conditionPatch(pod, condition, ctx.now()));
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'NotFound' && code !== 'Conflict') throw error;
    return;
  }
  if (condition.status === 'False' && before?.reason !== condition.reason) ctx.event(waitingEvent(pod, condition));
}
