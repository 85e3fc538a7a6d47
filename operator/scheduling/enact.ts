import { Pod } from '../kube/index.ts';
import type { Clock } from '../observability/index.ts';
import type { Context } from '../runtime/index.ts';
import { createPace, eachBounded, type Pace } from './bounded.ts';
import type { GangRelease, Release } from './decide.ts';
import { releaseRefusedEvent } from './events.ts';
import { isGated } from './pod-state.ts';
import { releasePatch } from './resources.ts';

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
}

/** Lets gangs go. */
export type Releaser = (gangs: readonly GangRelease[], plan: string, ctx: Context) => Promise<Released>;

/** A releaser with a pace of its own. */
export function createReleaser(clock: Pick<Clock, 'monotonic' | 'sleep'>): Releaser {
  const pace = createPace(clock, RELEASES_PER_SECOND);
  return async (gangs, plan, ctx) => {
    const until = clock.monotonic() + RELEASE_MILLIS;
    const pods: Pod[] = [];
    let done = 0;
    while (done < gangs.length && clock.monotonic() <= until && !ctx.signal.aborted) {
      const next = nextBurst(gangs, done);
      done += next.length;
      const burst = next.filter((gang) => stillWhole(gang, ctx)).flatMap(({ releases }) => releases);
      await eachBounded(burst, RELEASES_AT_ONCE, ctx.signal, async (release) => {
        const pod = await releaseOne(release, plan, ctx, pace);
        if (pod !== undefined) pods.push(pod);
      });
    }
    return { pods, left: gangs.length - done };
  };
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

async function releaseOne(release: Release, plan: string, ctx: Context, pace: Pace): Promise<Pod | undefined> {
  const { name = '', namespace, uid } = release.pod.metadata;
  await pace.wait(ctx.signal);
  try {
    return await ctx.patch(Pod, { namespace, name, uid }, releasePatch(release, plan));
  } catch (error) {
    const code = errorCode(error);
    // The pod went, or another of its name came: nothing is left to release, and the watch brings the news.
    if (code === 'NotFound' || code === 'Conflict') return undefined;
    if (code !== 'Invalid' && code !== 'Forbidden') throw error;
    ctx.event(releaseRefusedEvent(release.pod, error instanceof Error ? error.message : String(error)));
    ctx.log.warn({ err: error, pod: `${namespace}/${name}` }, 'the API server refused to release a pod');
    return undefined;
  }
}

/** The stable code of an error of the runtime. */
export function errorCode(error: unknown): string | undefined {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : undefined;
}
