import type { Clock } from '../observability/index.ts';

/** Lets work through at a rate, with a burst of a tenth of a second. */
export interface Pace {
  readonly wait: (signal: AbortSignal) => Promise<void>;
}

/** A token bucket on the monotonic clock. */
export function createPace(clock: Pick<Clock, 'monotonic' | 'sleep'>, perSecond: number): Pace {
  const burst = Math.max(1, perSecond / 10);
  let tokens = burst;
  let last = clock.monotonic();
  return {
    wait: async (signal) => {
      const now = clock.monotonic();
      tokens = Math.min(burst, tokens + ((now - last) * perSecond) / 1000);
      last = now;
      tokens -= 1;
      if (tokens < 0) await clock.sleep((-tokens * 1000) / perSecond, signal);
    },
  };
}

/** Runs the work for every item, at most `concurrency` at a time, and stops taking more once the signal aborts. */
export async function eachBounded<T>(
  items: readonly T[],
  concurrency: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && !signal.aborted) {
      const item = items[next] as T;
      next += 1;
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
}
