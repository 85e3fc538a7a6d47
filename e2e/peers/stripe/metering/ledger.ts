import type { State } from '../state/state.ts';
import type { Meter, MeterEvent } from './records.ts';

/** Usage of a stretch of time. */
export interface Usage {
  readonly start: number;
  readonly value: bigint;
}

const windowSeconds = { hour: 3600, day: 86_400 } as const;

/** The events that count, by meter and customer, and those still to be checked. */
export class MeterLedger {
  readonly #counted = new Map<string, Map<string, MeterEvent>>();
  readonly #pending = new Map<string, MeterEvent>();

  constructor(state: State) {
    state.watch('meter_event', (after, before) => {
      if (before !== undefined) this.#drop(before);
      if (after !== undefined) this.#take(after);
    });
  }

  /** Events that wait to be checked, oldest first. */
  get pending(): readonly MeterEvent[] {
    return [...this.#pending.values()];
  }

  /** Events that count for a customer within `[start, end)`, by their timestamps, received by `seen` at the latest. */
  events(meter: string, customer: string, start: number, end: number, seen = Infinity): readonly MeterEvent[] {
    const known = this.#counted.get(`${meter} ${customer}`)?.values() ?? [];
    return [...known].filter(({ timestamp, received }) => timestamp >= start && timestamp < end && received <= seen);
  }

  #take(event: MeterEvent): void {
    if (event.state === 'pending') this.#pending.set(event.id, event);
    if (event.state !== 'counted' || event.voided) return;
    const key = `${event.meter} ${event.customer}`;
    const events = this.#counted.get(key) ?? new Map<string, MeterEvent>();
    this.#counted.set(key, events.set(event.id, event));
  }

  #drop(event: MeterEvent): void {
    this.#pending.delete(event.id);
    this.#counted.get(`${event.meter} ${event.customer}`)?.delete(event.id);
  }
}

/**
 * What a meter makes of events. With `event_time_window` the newest event of each hour or day replaces the earlier ones
 * (https://docs.stripe.com/api/billing/meter/object); the formula works on what is left.
 */
export function aggregate(meter: Meter, events: readonly MeterEvent[]): bigint {
  const { formula } = meter.default_aggregation;
  const left = meter.event_time_window === null ? events : newest(events, windowSeconds[meter.event_time_window]);
  if (formula === 'count') return BigInt(left.length);
  if (formula === 'sum') return left.reduce((sum, { value }) => sum + BigInt(value), 0n);
  return BigInt(left.toSorted(byTime).at(-1)?.value ?? '0');
}

/** Groups of `step` seconds from `start`, newest first, those with events only. */
export function grouped(meter: Meter, events: readonly MeterEvent[], start: number, step: number): readonly Usage[] {
  const groups = Map.groupBy(events, ({ timestamp }) => start + Math.floor((timestamp - start) / step) * step);
  return [...groups]
    .map(([from, members]) => ({ start: from, value: aggregate(meter, members) }))
    .toSorted((a, b) => b.start - a.start);
}

function newest(events: readonly MeterEvent[], window: number): readonly MeterEvent[] {
  const slots = new Map<number, MeterEvent>();
  for (const event of events.toSorted(byTime)) slots.set(Math.floor(event.timestamp / window), event);
  return [...slots.values()];
}

/** By their own time; the one received later wins a tie. */
function byTime(a: MeterEvent, b: MeterEvent): number {
  return a.timestamp - b.timestamp || a.received - b.received || (a.id < b.id ? -1 : 1);
}
