import { conflict } from '../http/refusal.ts';
import type { State } from '../state/state.ts';

const row = 'clock-ahead';

/** The peer's time: the machine's, plus what tests have moved it forward. It survives a restart with the state. */
export class PeerClock {
  readonly #state: State;
  readonly #machine: () => number;
  #pinned: number | undefined;

  /** `machine` gives milliseconds since 1970. */
  constructor(state: State, machine: () => number) {
    this.#state = state;
    this.#machine = machine;
  }

  /** Milliseconds since 1970. */
  millis(): number {
    return this.#pinned === undefined ? this.#machine() + this.#ahead() : this.#pinned * 1000;
  }

  /** Whole seconds since 1970. */
  seconds(): number {
    return Math.floor(this.millis() / 1000);
  }

  /** Moves time forward by so many seconds, never back. */
  advance(seconds: number): void {
    if (!(seconds >= 0)) throw conflict(`the clock only goes forward, not by ${seconds} s`);
    this.#state.put('counter', { id: row, value: this.#ahead() + Math.round(seconds * 1000) });
  }

  /** Runs `work` as if it were this second: what was due while nobody looked happens at its own time. */
  at<R>(seconds: number, work: () => R): R {
    const before = this.#pinned;
    this.#pinned = seconds;
    try {
      return work();
    } finally {
      this.#pinned = before;
    }
  }

  #ahead(): number {
    return this.#state.get('counter', row)?.value ?? 0;
  }
}
