/** A source of time, injected so that tests own it. */
export interface Clock {
  /** Wall clock, milliseconds since 1970 UTC. */
  readonly now: () => number;
  /** Monotonic clock in milliseconds, for spans. */
  readonly monotonic: () => number;
  /** Resolves after `millis`, or rejects with the signal's reason when it aborts first. */
  readonly sleep: (millis: number, signal?: AbortSignal) => Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (millis, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, millis);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};
