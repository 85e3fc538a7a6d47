/** A work queue of keys: one entry a key, FIFO inside a priority, a key handed out is locked until done. */
import type { Clock } from '../../observability/index.ts';
import type { QueueNumbers } from '../metrics.ts';
import { type Due, DueHeap } from './due-heap.ts';
import { Ready } from './ready.ts';

/** Priority of changes. */
export const changePriority = 0;
/** Priority of the first list and of periodic passes: they yield to changes. */
export const backgroundPriority = -100;

const sweepAt = 1_024;
const firstBackoffMillis = 5;
const longestBackoffMillis = 1_000_000;

/** Milliseconds before the next try after so many failures: 5 ms · 2ⁿ⁻¹, at most 1,000 s. */
export function backoffMillis(failures: number): number {
  return Math.min(firstBackoffMillis * 2 ** Math.min(failures - 1, 30), longestBackoffMillis);
}

/** How a key is added. */
export interface AddOptions {
  readonly priority?: number;
  /** Milliseconds before it may be taken; the earliest wish of a key wins. */
  readonly after?: number;
}

/** A key in hand. */
export interface Taken {
  readonly key: string;
  readonly priority: number;
  /** Milliseconds it waited after it was due. */
  readonly waited: number;
}

/** Told of what happens, for metrics of the meaning that controller-runtime's priority queue gives them. */
export interface QueueObserver {
  /** A key has become ready; not when it was ready already. */
  added(): void;
  /** A key was added with a delay. */
  retried(): void;
}

/** A row of failures of one key, unbroken by a success. */
export interface Failures {
  readonly count: number;
  /** When the first of them ended, by the monotonic clock. */
  readonly since: number;
}

interface Entry {
  readonly priority: number;
  readonly due: number;
  /** Whether it stands among the ready ones; else it waits for its time. */
  readonly ready: boolean;
}

/** Times are of the monotonic clock. */
export class Queue {
  readonly #clock: Clock;
  readonly #observer: QueueObserver;
  readonly #debounceMillis: number;
  readonly #entries = new Map<string, Entry>();
  readonly #later = new Map<string, Entry>();
  readonly #ready = new Ready();
  /** Entries that wait for their time; one that was moved to an earlier time leaves its old place behind. */
  readonly #waiting = new DueHeap();
  readonly #running = new Map<string, number>();
  readonly #lastPass = new Map<string, number>();
  readonly #failures = new Map<string, Failures>();
  readonly #slowed = new Map<string, number>();
  readonly #waiters: (() => void)[] = [];
  #alarm: { readonly at: number; readonly stop: AbortController } | undefined;
  #closed = false;

  constructor(clock: Clock, observer: QueueObserver, debounceMillis = 0) {
    this.#clock = clock;
    this.#observer = observer;
    this.#debounceMillis = debounceMillis;
  }

  /** Adds a key. One that waits already keeps the higher priority and the earlier time. */
  add(key: string, { priority = changePriority, after = 0 }: AddOptions = {}): void {
    if (!Number.isFinite(after)) throw new TypeError(`"${key}" cannot be added after ${after} ms`);
    if (after > 0) this.#observer.retried();
    const now = this.#clock.monotonic();
    const debounced = (this.#lastPass.get(key) ?? Number.NEGATIVE_INFINITY) + this.#debounceMillis;
    if (debounced <= now) this.#lastPass.delete(key);
    const wanted = { priority, due: Math.max(now + after, debounced, this.#slowed.get(key) ?? 0) };
    if (this.#running.has(key)) {
      this.#later.set(key, merge(this.#later.get(key), wanted));
      return;
    }
    this.#put(key, merge(this.#entries.get(key), wanted), now);
  }

  #put(key: string, entry: Entry, now: number): void {
    const known = this.#entries.get(key);
    const ready = entry.due <= now;
    this.#entries.set(key, { ...entry, ready });
    if (ready) {
      if (known?.ready === true && known.priority === entry.priority) return;
      if (known?.ready === true) this.#ready.remove(key, known.priority);
      else this.#observer.added();
      this.#ready.push(key, entry.priority);
      this.#waiters.shift()?.();
      return;
    }
    if (known === undefined || known.due !== entry.due) this.#wait({ key, due: entry.due });
    this.#wakeAt(entry.due);
  }

  /** A key that is taken before its time leaves its place behind; they are swept before they outnumber the others. */
  #wait(item: Due): void {
    this.#waiting.push(item);
    if (this.#waiting.size > sweepAt && this.#waiting.size > 2 * this.#entries.size)
      this.#waiting.retain((each) => this.#counts(each));
  }

  #counts({ key, due }: Due): boolean {
    const entry = this.#entries.get(key);
    return entry !== undefined && !entry.ready && entry.due === due;
  }

  /** Waits for the next key and locks it; undefined when the queue is closed. */
  async take(): Promise<Taken | undefined> {
    for (;;) {
      if (this.#closed) return undefined;
      const now = this.#clock.monotonic();
      const key = this.#ready.shift();
      if (key !== undefined) {
        const { priority, due } = this.#entries.get(key) ?? { priority: changePriority, due: now };
        this.#entries.delete(key);
        this.#running.set(key, now);
        if (this.#debounceMillis > 0) this.#passed(key, now);
        return { key, priority, waited: now - due };
      }
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  #passed(key: string, now: number): void {
    // Set anew, so that the map is in order of time and what no longer matters stands at its front.
    this.#lastPass.delete(key);
    this.#lastPass.set(key, now);
    for (const [old, at] of this.#lastPass) {
      if (at + this.#debounceMillis > now) return;
      this.#lastPass.delete(old);
    }
  }

  /** Unlocks a key; what was added meanwhile comes in now. */
  done(key: string): void {
    this.#running.delete(key);
    const later = this.#later.get(key);
    this.#later.delete(key);
    if (later === undefined || this.#closed) return;
    // It may have been slowed after it was added.
    const due = Math.max(later.due, this.#slowed.get(key) ?? 0);
    this.#put(key, merge(this.#entries.get(key), { ...later, due }), this.#clock.monotonic());
  }

  /** Adds a key after its backoff, or later where the server asked for that; answers how often it has failed in a row. */
  retry(key: string, { priority, after = 0 }: AddOptions = {}): number {
    const { count = 0, since = this.#clock.monotonic() } = this.#failures.get(key) ?? {};
    this.#failures.set(key, { count: count + 1, since });
    this.add(key, { priority, after: Math.max(backoffMillis(count + 1), after) });
    return count + 1;
  }

  /** The row of failures that the key is in, if it is in one. */
  failures(key: string): Failures | undefined {
    return this.#failures.get(key);
  }

  /** Hands the key out no earlier than in so many milliseconds, whatever adds it; 0 lifts that. */
  slow(key: string, millis: number): void {
    if (millis <= 0) this.#slowed.delete(key);
    else this.#slowed.set(key, this.#clock.monotonic() + millis);
  }

  /** Forgets failures. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Hands out no more keys and wakes whoever waits for one. */
  close(): void {
    this.#closed = true;
    this.#alarm?.stop.abort();
    for (const wake of this.#waiters.splice(0)) wake();
  }

  /** Numbers for metrics. */
  numbers(): QueueNumbers {
    const now = this.#clock.monotonic();
    const ages = [...this.#running.values()].map((since) => (now - since) / 1000);
    const depth = new Map(this.#ready.depth());
    for (const { due, priority } of this.#later.values())
      if (due <= now) depth.set(priority, (depth.get(priority) ?? 0) + 1);
    return {
      depth,
      unfinishedSeconds: ages.reduce((sum, age) => sum + age, 0),
      longestSeconds: Math.max(0, ...ages),
    };
  }

  #wakeAt(due: number): void {
    if (this.#closed || (this.#alarm !== undefined && this.#alarm.at <= due)) return;
    this.#alarm?.stop.abort();
    const alarm = { at: due, stop: new AbortController() };
    this.#alarm = alarm;
    const millis = Math.min(Math.max(due - this.#clock.monotonic(), 0), 2 ** 31 - 1);
    this.#clock.sleep(millis, alarm.stop.signal).then(
      () => this.#ring(),
      // Aborted because an earlier alarm replaces it or the queue is closed.
      () => undefined,
    );
  }

  #ring(): void {
    this.#alarm = undefined;
    const now = this.#clock.monotonic();
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      const entry = this.#counts(next) ? this.#entries.get(next.key) : undefined;
      if (entry !== undefined && next.due > now) break;
      this.#waiting.pop();
      if (entry !== undefined) this.#put(next.key, entry, now);
    }
    const next = this.#waiting.peek();
    if (next !== undefined) this.#wakeAt(next.due);
  }
}

function merge(known: Entry | undefined, wanted: { readonly priority: number; readonly due: number }): Entry {
  if (known === undefined) return { ...wanted, ready: false };
  return { priority: Math.max(known.priority, wanted.priority), due: Math.min(known.due, wanted.due), ready: false };
}
