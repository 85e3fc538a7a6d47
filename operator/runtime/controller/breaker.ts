/**
 * Finds keys whose passes write in circles, so that they can be slowed: the content sent last is sent again (another
 * writer changes it back), or one object is written again by passes that nothing but their own writes woke. Content that
 * comes and goes with what others do is work as usual.
 */
import type { Clock } from '../../observability/index.ts';
import type { ConditionIntent } from '../types.ts';

/** Strikes on one object within the window that open the breaker. */
const strikesToOpen = 20;
const windowMillis = 300_000;
const firstSlowMillis = 30_000;
const longestSlowMillis = 300_000;
const mostTargets = 20_000;

/** One write of a pass. */
export interface Write {
  /** The object as a person names it: `ConfigMap a/b`. */
  readonly object: string;
  /** Tells writes to different parts of one object apart, for example the subresource. */
  readonly part: string;
  /** A hash of what was sent. */
  readonly content: string;
}

interface Target {
  content: string | undefined;
  strikes: number;
  since: number;
  lastAt: number;
}

interface Pass {
  readonly echo: boolean;
  readonly struck: Set<string>;
}

/** What became of the breaker when a pass ended. */
export interface Verdict {
  /** Milliseconds that the key is to wait; 0 when its passes settle. */
  readonly slowMillis: number;
  readonly change?: 'opened' | 'closed';
}

/** One a controller. Times are of the monotonic clock. */
export class Breaker {
  readonly #clock: Clock;
  readonly #targets = new Map<string, Target>();
  readonly #passes = new Map<string, Pass>();
  readonly #open = new Map<string, { readonly object: string; slowMillis: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Keys that are slowed now. */
  get open(): number {
    return this.#open.size;
  }

  /** A pass over the key begins; `echo` says that only its own writes woke it. */
  began(key: string, echo: boolean): void {
    this.#passes.set(key, { echo, struck: new Set() });
  }

  /** The pass over the key has sent something. */
  wrote(key: string, { object, part, content }: Write): void {
    const pass = this.#passes.get(key);
    if (pass === undefined) return;
    const now = this.#clock.monotonic();
    const id = `${key}\n${object}\n${part}`;
    const known = this.#targets.get(id);
    const target = known === undefined || now - known.lastAt > windowMillis ? fresh(now) : known;
    const again = target.content !== undefined && (pass.echo || target.content === content);
    if (again && !pass.struck.has(id)) {
      pass.struck.add(id);
      if (now - target.since > windowMillis) Object.assign(target, { strikes: 0, since: now });
      target.strikes += 1;
    }
    target.content = content;
    target.lastAt = now;
    // Set anew, so that the map is in order of age.
    this.#targets.delete(id);
    this.#targets.set(id, target);
    this.#bound();
    if (target.strikes >= strikesToOpen && !this.#open.has(key)) this.#open.set(key, { object, slowMillis: 0 });
  }

  /** The pass over the key is over. */
  ended(key: string): Verdict {
    const struck = (this.#passes.get(key)?.struck.size ?? 0) > 0;
    this.#passes.delete(key);
    const open = this.#open.get(key);
    if (open === undefined) return { slowMillis: 0 };
    if (!struck) {
      this.forget(key);
      return { slowMillis: 0, change: 'closed' };
    }
    const opened = open.slowMillis === 0;
    open.slowMillis = opened ? firstSlowMillis : Math.min(open.slowMillis * 2, longestSlowMillis);
    return { slowMillis: open.slowMillis, ...(opened && { change: 'opened' }) };
  }

  /** Starts anew for a key: it is gone, or a person has changed it. */
  forget(key: string): void {
    if (!this.#open.delete(key)) return;
    for (const id of this.#targets.keys()) if (id.startsWith(`${key}\n`)) this.#targets.delete(id);
  }

  /** What the key's status says while it is slowed. */
  condition(key: string): ConditionIntent | undefined {
    const open = this.#open.get(key);
    if (open === undefined) return undefined;
    return {
      type: 'HotLoop',
      status: 'True',
      reason: 'RepeatedWrites',
      message: `${open.object} is written again and again: another writer changes it back, or the controller does not settle; kubectl get --show-managed-fields -o yaml tells who writes it`,
    };
  }

  #bound(): void {
    if (this.#targets.size <= mostTargets) return;
    for (const oldest of this.#targets.keys()) {
      this.#targets.delete(oldest);
      return;
    }
  }
}

function fresh(now: number): Target {
  return { content: undefined, strikes: 0, since: now, lastAt: now };
}
