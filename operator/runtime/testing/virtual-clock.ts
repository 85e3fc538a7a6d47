import type { Clock } from '../../observability/index.ts';

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock that moves only when told to; sleepers wake in order. */
export class VirtualClock implements Clock {
  #time: number;
  readonly #origin: number;
  #sleepers: Sleeper[] = [];

  constructor(start: Date = new Date('2026-03-01T12:00:00Z')) {
    this.#origin = start.getTime();
    this.#time = 0;
  }

  readonly now = (): number => this.#origin + this.#time;
  readonly monotonic = (): number => this.#time;

  readonly sleep = (millis: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const sleeper = { at: this.#time + millis, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal.reason);
      });
    });

  /** Moves on, waking whoever is due on the way, and lets them run. */
  async advance(millis: number): Promise<void> {
    const end = this.#time + millis;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#sleepers = this.#sleepers.filter((other) => other !== next);
      this.#time = Math.max(this.#time, next.at);
      next.wake();
      await settle();
    }
    this.#time = end;
    await settle();
  }

  #next(end: number): Sleeper | undefined {
    return this.#sleepers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
