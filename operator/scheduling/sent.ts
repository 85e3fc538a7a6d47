import { Pod, seconds } from '../kube/index.ts';
import type { Clock } from '../observability/index.ts';
import type { Context } from '../runtime/index.ts';
import { eachBounded } from './bounded.ts';
import { isGated, pinnedNode } from './pod-state.ts';

/**
 * Milliseconds after which a live read decides about a release without an answer: by then the API server has given the
 * request up itself (its --request-timeout is 60 s), so what a read shows then is final.
 */
export const SETTLED_MILLIS = seconds(60);
/** Live reads on the way at once. */
const READS_AT_ONCE = 16;

/** A release that was sent while the cache does not show it. */
export interface SentRelease {
  /** The pod as it was when its release was planned. */
  readonly pod: Pod;
  readonly node: string;
  /** The plan that it was sent with first: sent again with it, the patch is the same. */
  readonly plan: string;
  /** When it was sent last, on the monotonic clock in milliseconds. */
  readonly at: number;
  /** Whether the API server said that the pod is released; else nobody knows. */
  readonly confirmed: boolean;
}

/** Releases by uid of the pod: they hold their room although the cache still shows a gate. */
export type SentByUid = ReadonlyMap<string, SentRelease>;

/** The memory of releases that were sent, see `createSentReleases`. */
export interface SentReleases {
  readonly byUid: SentByUid;
  /**
   * To be called before a release is sent, so that one whose pass ends in between is remembered too. The answer takes
   * it back, for a release that certainly did not happen; one that was sent before it may still have.
   */
  readonly send: (pod: Pod, node: string, plan: string) => () => void;
  /** The API server has it: the release is done, on the node that the answer names. */
  readonly confirm: (pod: Pod, answer: Pod) => void;
  /**
   * Drops what the cache shows by now and asks the API server about what stayed open for too long. Answers pods that
   * turned out released without an answer that said so.
   */
  readonly settle: (ctx: Pick<Context, 'get' | 'live' | 'log' | 'signal'>) => Promise<readonly Pod[]>;
}

/**
 * An empty memory, as a new process has it: its cache was filled from a list, which shows what the API server has
 * applied, and what a killed process had under way ended before its lease could be taken. A process that stops in good
 * order gives the lease back at once: a release that it had under way is found when it is sent again and refused.
 */
export function createSentReleases(clock: Pick<Clock, 'monotonic'>): SentReleases {
  const byUid = new Map<string, SentRelease>();
  return {
    byUid,
    send: (pod, node, plan) => {
      const before = byUid.get(uidOf(pod));
      const sent = { pod, node, plan, at: clock.monotonic(), confirmed: false };
      byUid.set(uidOf(pod), sent);
      return () => {
        if (byUid.get(uidOf(pod)) !== sent) return;
        if (before === undefined) byUid.delete(uidOf(pod));
        else byUid.set(uidOf(pod), before);
      };
    },
    confirm: (pod, answer) => {
      const node = answer.spec?.nodeName ?? pinnedNode(answer);
      // Without a node it takes no room that a plan could give away.
      if (node === undefined) byUid.delete(uidOf(pod));
      else byUid.set(uidOf(pod), { pod, node, plan: '', at: clock.monotonic(), confirmed: true });
    },
    settle: async (ctx) => {
      const found: Pod[] = [];
      const open: SentRelease[] = [];
      for (const [uid, sent] of byUid) {
        const cached = ctx.get(Pod, keyOf(sent.pod));
        if (isSame(cached, sent) && isGated(cached)) {
          if (clock.monotonic() - sent.at > SETTLED_MILLIS) open.push(sent);
          continue;
        }
        byUid.delete(uid);
        if (isSame(cached, sent) && !sent.confirmed) found.push(cached);
      }
      await eachBounded(open, READS_AT_ONCE, ctx.signal, async (sent) => {
        const released = await readOpen(sent, byUid, ctx, clock);
        if (released !== undefined && !sent.confirmed) found.push(released);
      });
      return found;
    },
  };
}

/** Decides about one release by what the API server has; a failed read leaves it open. */
async function readOpen(
  sent: SentRelease,
  byUid: Map<string, SentRelease>,
  ctx: Pick<Context, 'live' | 'log'>,
  clock: Pick<Clock, 'monotonic'>,
): Promise<Pod | undefined> {
  const uid = uidOf(sent.pod);
  try {
    const live = await ctx.live.get(Pod, keyOf(sent.pod));
    if (!isSame(live, sent) || isGated(live)) {
      byUid.delete(uid);
      return undefined;
    }
    byUid.set(uid, { ...sent, at: clock.monotonic(), confirmed: true });
    return live;
  } catch (error) {
    ctx.log.warn({ err: error, pod: keyOf(sent.pod) }, 'it cannot be told yet whether a pod was released');
    return undefined;
  }
}

/** Whether it is the pod that was released and still lives. */
function isSame(pod: Pod | undefined, { pod: { metadata } }: SentRelease): pod is Pod {
  return pod?.metadata.uid === metadata.uid && pod?.metadata.deletionTimestamp === undefined;
}

function uidOf({ metadata }: Pod): string {
  return metadata.uid ?? '';
}

function keyOf({ metadata: { name = '', namespace } }: Pod): { readonly name: string; readonly namespace?: string } {
  return { name, namespace };
}
