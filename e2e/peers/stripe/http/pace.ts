import type { PeerSettings } from '../settings.ts';
import { Refusal } from './refusal.ts';

const secondMillis = 1000;

/** Limits on calls a second: one for all, and higher ones of their own for events and the stream where they have them. */
export class Pace {
  readonly #settings: PeerSettings;
  readonly #recent = new Map<number, number[]>();

  constructor(settings: PeerSettings) {
    this.#settings = settings;
  }

  /** Counts a call; refuses one too many with 429. `at` is any clock of milliseconds. */
  take(route: string, at: number): void {
    const limit = this.#limitOf(route);
    const calls = (this.#recent.get(limit) ?? []).filter((before) => at - before < secondMillis);
    this.#recent.set(limit, calls);
    if (calls.length >= limit) {
      throw new Refusal(429, 'Request rate limit exceeded.', { code: 'rate_limit', beforeWork: true });
    }
    calls.push(at);
  }

  #limitOf(route: string): number {
    const { ratePerSecond, eventRatePerSecond, streamRatePerSecond } = this.#settings;
    if (/meter_events$/.test(route)) return Math.max(ratePerSecond, eventRatePerSecond);
    if (/meter_event_stream$/.test(route)) return Math.max(ratePerSecond, streamRatePerSecond);
    return ratePerSecond;
  }
}
