import type { Clock } from '../observability/index.ts';

/** Requests of one caller: so many a second on average, and so many at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Answers how many seconds a caller must wait; 0 lets the request pass. */
export type Limiter = (caller: string) => number;

const rememberAtMost = 10_000;

/** A bucket of tokens for each caller. */
export function createLimiter(rate: Rate, clock: Clock): Limiter {
  const buckets = new Map<string, { left: number; at: number }>();
  return (caller) => {
    const now = clock.monotonic();
    const bucket = buckets.get(caller) ?? { left: rate.burst, at: now };
    bucket.left = Math.min(rate.burst, bucket.left + ((now - bucket.at) / 1000) * rate.perSecond);
    bucket.at = now;
    // The oldest are forgotten first: a caller who is forgotten begins with a full bucket.
    if (!buckets.has(caller) && buckets.size >= rememberAtMost) buckets.delete(buckets.keys().next().value ?? '');
    buckets.set(caller, bucket);
    if (bucket.left < 1) return Math.max(1, Math.ceil((1 - bucket.left) / rate.perSecond));
    bucket.left -= 1;
    return 0;
  };
}
