import { Refusal } from './refusal.ts';

/** The peer's time: the machine's, plus what tests have moved it forward. */
export class PeerClock {
  #aheadMillis = 0;

  /** Milliseconds since 1970. */
  now(): number {
    return Date.now() + this.#aheadMillis;
  }

  /** Whole seconds since 1970. */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /** Moves time forward by so many seconds, never back. */
  advance(seconds: number): void {
    if (!(seconds >= 0)) throw new Refusal(400, `the clock only goes forward, not by ${seconds} s`);
    this.#aheadMillis += seconds * 1000;
  }

  /** Sets the time; never earlier than it is. */
  set(seconds: number): void {
    this.advance(seconds - this.now() / 1000);
  }

  /** How far it is ahead, for the journal. */
  get ahead(): number {
    return this.#aheadMillis;
  }

  /** Restores what the journal says. */
  restore(aheadMillis: number): void {
    this.#aheadMillis = aheadMillis;
  }
}
