import type { ClosedPeriod, Delivery, FrozenUsage, UsageSink } from '../sinks/sink.ts';

/** What happens to the next attempts, in order; afterwards everything is accepted. */
export type Fate = 'accept' | 'lose-before' | 'lose-after' | 'reject' | 'refuse' | 'crash';

/** A provider in memory that forgets identifiers after a day, as Stripe may. */
export class MemorySink implements UsageSink {
  readonly capabilities = { dedupeSeconds: 86_400, backdateSeconds: 35 * 86_400 };
  readonly accepted: { readonly usage: FrozenUsage; readonly at: number }[] = [];
  fates: readonly Fate[] = [];
  attempts = 0;
  /** Times whose invoice is final: what came to them later is not billed. */
  closed: readonly ClosedPeriod[] = [];
  /** How often it was asked for them. */
  asked = 0;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Everything that would be billed. */
  get billed(): bigint {
    const isBilled = ({ usage: { timestamp }, at }: (typeof this.accepted)[number]): boolean =>
      !this.closed.some(({ start, end, closedAt }) => start <= timestamp && timestamp < end && at > closedAt * 1000);
    return this.accepted.filter(isBilled).reduce((sum, { usage }) => sum + usage.quantity, 0n);
  }

  async closedPeriods(_: string, from: number): Promise<readonly ClosedPeriod[]> {
    this.asked += 1;
    return this.closed.filter(({ end, closedAt }) => end > from && closedAt * 1000 <= this.#now());
  }

  async deliver(usage: FrozenUsage): Promise<Delivery> {
    const [fate = 'accept', ...rest] = this.fates;
    this.fates = rest;
    this.attempts += 1;
    if (fate === 'crash') throw new Error('killed');
    if (fate === 'refuse') return { kind: 'refused', reason: 'auth', message: 'invalid key' };
    if (fate === 'reject') return { kind: 'rejected', code: 'no_meter', message: 'no such meter' };
    if (fate === 'lose-before') return { kind: 'unknown', reason: 'connection reset' };
    const isKnown = this.accepted.some(
      ({ usage: { identifier }, at }) => identifier === usage.identifier && this.#now() - at < 86_400_000,
    );
    if (isKnown) return { kind: 'duplicate' };
    this.accepted.push({ usage, at: this.#now() });
    return fate === 'lose-after' ? { kind: 'unknown', reason: 'connection reset' } : { kind: 'accepted' };
  }

  async recorded(eventName: string, customer: string, hour: number): Promise<bigint> {
    return this.accepted
      .filter(({ usage }) => usage.eventName === eventName && usage.customer === customer)
      .filter(({ usage }) => usage.timestamp >= hour && usage.timestamp < hour + 3600)
      .reduce((sum, { usage }) => sum + usage.quantity, 0n);
  }

  async recordedSums(
    eventName: string,
    customer: string,
    from: number,
    to: number,
    grain: 'hour' | 'day',
  ): Promise<ReadonlyMap<number, bigint>> {
    const step = grain === 'hour' ? 3600 : 86_400;
    const sums = new Map<number, bigint>();
    for (const { usage } of this.accepted) {
      if (usage.eventName !== eventName || usage.customer !== customer) continue;
      if (usage.timestamp < from || usage.timestamp >= to) continue;
      const start = usage.timestamp - (usage.timestamp % step);
      sums.set(start, (sums.get(start) ?? 0n) + usage.quantity);
    }
    return sums;
  }
}
