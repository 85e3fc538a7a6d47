import { Pod } from '../kube/index.ts';
import type { Clock } from '../observability/index.ts';
import type { Context } from '../runtime/index.ts';
import { createPace, eachBounded, type Pace } from './bounded.ts';
import type { GangRelease, Release } from './decide.ts';
import type { ClaimWriter } from './dra/writer.ts';
import { releaseRefusedEvent } from './events.ts';
import { errorCode, isCertain, isOvertaken } from './failures.ts';
import { isGated } from './pod-state.ts';
import { releasePatch } from './resources.ts';
import type { SentReleases } from './sent.ts';

/** Patches per second that the API server is asked to take from releases. */
const RELEASES_PER_SECOND = 1000;
/** Releases on the way at once: enough to hide 20–30 ms of latency at that rate. */
const RELEASES_AT_ONCE = 32;
/** Pods in one burst; a gang is never cut, so a burst may be larger. */
const PODS_PER_BURST = 128;
/** Milliseconds after which a pass begins no further burst but plans again, so that what came meanwhile is not kept waiting. */
const RELEASE_MILLIS = 1_000;

/** What became of the releases. */
export interface Released {
  readonly pods: readonly Pod[];
  /** Gangs left for the next pass. */
  readonly left: number;
  /** Why the releases stopped: the first of those whose answer did not come. */
  readonly failure?: { readonly error: unknown };
}

/** Lets gangs go. */
export type Releaser = (gangs: readonly GangRelease[], plan: string, ctx: Context) => Promise<Released>;

/** What happened to one release. */
type Result =
  | { readonly result: 'released'; readonly pod: Pod }
  | { readonly result: 'nothing' }
  /** Not sent, or nobody knows whether it was applied; `sent` remembers it then. */
  | { readonly result: 'failed'; readonly error: unknown };

/**
 * A releaser with a pace of its own. A release that fails does not end its burst, because the others are of its gang or
 * on their way already; no further burst begins.
 */
export function createReleaser(
  clock: Pick<Clock, 'monotonic' | 'sleep'>,
  sent: SentReleases,
  claims: ClaimWriter,
): Releaser {
  const pace = createPace(clock, RELEASES_PER_SECOND);
  return async (gangs, plan, ctx) => {
    const until = clock.monotonic() + RELEASE_MILLIS;
    const pods: Pod[] = [];
    let failure: Released['failure'];
    let done = 0;
    while (done < gangs.length && failure === undefined && clock.monotonic() <= until && !ctx.signal.aborted) {
      const next = nextBurst(gangs, done);
      done += next.length;
      const ready = await withClaims(
        next.filter((gang) => stillWhole(gang, ctx)),
        claims,
        ctx,
      );
      const burst = ready.flatMap(({ releases }) => releases);
      await eachBounded(burst, RELEASES_AT_ONCE, ctx.signal, async (release) => {
        const one = await releaseOne(release, plan, ctx, pace, sent);
        if (one.result === 'released') pods.push(one.pod);
        if (one.result === 'failed') failure ??= { error: one.error };
      });
    }
    return { pods, left: gangs.length - done, failure };
  };
}

/** Allocates the claims of gangs; those whose claims all are allocated may go, the others are planned again. */
async function withClaims(
  gangs: readonly GangRelease[],
  claims: ClaimWriter,
  ctx: Context,
): Promise<readonly GangRelease[]> {
  const pods = gangs
    .flatMap(({ releases }) => releases)
    .flatMap(({ pod, grants = [] }) => (grants.length === 0 ? [] : [{ pod, grants }]));
  if (pods.length === 0) return gangs;
  const failed = await claims.allocate(pods, ctx);
  return gangs.filter(({ releases }) => !releases.some(({ pod }) => failed.has(pod.metadata.uid ?? '')));
}

/** Whole gangs, at least one, up to the size of a burst. */
function nextBurst(gangs: readonly GangRelease[], from: number): readonly GangRelease[] {
  let pods = 0;
  let end = from;
  while (end < gangs.length && (end === from || pods < PODS_PER_BURST)) {
    pods += gangs[end]?.releases.length ?? 0;
    end += 1;
  }
  return gangs.slice(from, end);
}

/** A last look before the burst: a gang of which a member went meanwhile is planned again. */
function stillWhole({ releases }: GangRelease, ctx: Context): boolean {
  return releases.every(({ pod }) => {
    const { name = '', namespace, uid } = pod.metadata;
    const now = ctx.get(Pod, { namespace, name });
    return (
      now !== undefined && now.metadata.uid === uid && now.metadata.deletionTimestamp === undefined && isGated(now)
    );
  });
}

async function releaseOne(
  release: Release,
  plan: string,
  ctx: Context,
  pace: Pace,
  sent: SentReleases,
): Promise<Result> {
  const { pod, node } = release;
  const { name = '', namespace, uid } = pod.metadata;
  let takeBack = (): void => undefined;
  try {
    await pace.wait(ctx.signal);
    if (node !== undefined) takeBack = sent.send(pod, node, release.plan ?? plan);
    const answer = await ctx.patch(Pod, { namespace, name, uid }, releasePatch(release, release.plan ?? plan));
    sent.confirm(pod, answer);
    return { result: 'released', pod: answer };
  } catch (error) {
    const code = errorCode(error);
    if (code === 'Invalid' || code === 'Forbidden') return refused(pod, error, takeBack, ctx, sent);
    if (isCertain(error)) takeBack();
    // The pod went, or another of its name came: nothing is left to release, and the watch brings the news.
    return isOvertaken(error) ? { result: 'nothing' } : { result: 'failed', error };
  }
}

/**
 * The API server refuses to release a pod twice, so a refusal may be the news that an earlier release was applied,
 * which the cache does not show yet. The pod itself says which it is.
 */
async function refused(
  pod: Pod,
  refusal: unknown,
  takeBack: () => void,
  ctx: Context,
  sent: SentReleases,
): Promise<Result> {
  const { name = '', namespace, uid } = pod.metadata;
  try {
    const live = await ctx.live.get(Pod, { namespace, name });
    if (live?.metadata.uid === uid && live !== undefined && !isGated(live)) {
      sent.confirm(pod, live);
      return { result: 'released', pod: live };
    }
  } catch (error) {
    return { result: 'failed', error };
  }
  takeBack();
  ctx.event(releaseRefusedEvent(pod, refusal instanceof Error ? refusal.message : String(refusal)));
  ctx.log.warn({ err: refusal, pod: `${namespace}/${name}` }, 'the API server refused to release a pod');
  return { result: 'nothing' };
}
