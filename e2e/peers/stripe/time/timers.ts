import type { State } from '../state/state.ts';
import type { Timer, TimerKind } from './records.ts';

/** What is to happen, earliest first within each clock. */
export class Timers {
  readonly #state: State;
  /** The earliest of each clock, where known. */
  readonly #earliest = new Map<string, Timer | undefined>();

  constructor(state: State) {
    this.#state = state;
    state.watch('timer', (after, before) => {
      for (const timer of [after, before]) if (timer !== undefined) this.#earliest.delete(timer.clock);
    });
  }

  /** Sets or moves a timer. */
  set(kind: TimerKind, subject: string, at: number, clock: string | null = null): void {
    this.#state.put('timer', { id: `${kind} ${subject}`, kind, subject, at, clock: clock ?? '' });
  }

  /** Sets it unless it is set. */
  ensure(kind: TimerKind, subject: string, at: number): void {
    if (this.#state.get('timer', `${kind} ${subject}`) === undefined) this.set(kind, subject, at);
  }

  /** Forgets a timer. */
  clear(kind: TimerKind, subject: string): void {
    this.#state.remove('timer', `${kind} ${subject}`);
  }

  /** Takes the earliest timer of a clock that is due by then. */
  takeDue(clock: string, by: number): Timer | undefined {
    const earliest = this.#earliestOf(clock);
    if (earliest === undefined || earliest.at > by) return undefined;
    this.#state.remove('timer', earliest.id);
    return earliest;
  }

  #earliestOf(clock: string): Timer | undefined {
    if (this.#earliest.has(clock)) return this.#earliest.get(clock);
    let earliest: Timer | undefined;
    for (const timer of this.#state.all('timer')) {
      if (timer.clock === clock && (earliest === undefined || timer.at < earliest.at)) earliest = timer;
    }
    this.#earliest.set(clock, earliest);
    return earliest;
  }
}
