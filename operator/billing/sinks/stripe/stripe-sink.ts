import type Stripe from 'stripe';

import { ingestionOf } from '../../outbox/event-name.ts';
import type { BatchDelivery, UsageSink } from '../sink.ts';
import { classify } from './classify.ts';
import { readClosedPeriods } from './closed-periods.ts';
import { connect, errors, type StripeConnection } from './sdk.ts';

/** Identifiers are unique "within a rolling period of at least 24 hours"; usage may be 35 days old [D]. */
const capabilities = { dedupeSeconds: 86_400, backdateSeconds: 35 * 86_400 };

/** What a look at the account found. */
export type Probe =
  | { readonly kind: 'ok'; readonly account: string }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'unreachable'; readonly message: string };

/** A sink that also looks at the account and keeps its meters. */
export interface StripeSink extends UsageSink {
  /** Whose key it is. */
  probe(): Promise<Probe>;
  /**
   * Makes the meters that are missing; returns the names of those that somebody archived, which are not made again: prices
   * count the archived ones, and events under their names would be rejected for good. Throws what the SDK throws, and a
   * TypeError where a meter that somebody else made counts in another way than what is sent to it.
   */
  ensureMeters(account: string, eventNames: readonly string[]): Promise<readonly string[]>;
}

interface Meter {
  readonly id: string;
  readonly active: boolean;
  /** Of the events of such a time the newest counts; null where each does. */
  readonly window: string | null;
}

/** Stripe's meter events through the official package: one a call, or by `batch` where it is given. */
export function stripeSink(connection: StripeConnection, batch?: BatchDelivery): StripeSink {
  const stripe = connect(connection);
  // Replaced as a whole: a sum that is asked for while they are read must not find a meter missing.
  let meters: ReadonlyMap<string, Meter> = new Map();
  const load = async (): Promise<void> => {
    const found = new Map<string, Meter>();
    for await (const { id, event_name, status, event_time_window } of stripe.billing.meters.list({ limit: 100 })) {
      if (found.get(event_name)?.active !== true)
        found.set(event_name, { id, active: status === 'active', window: event_time_window });
    }
    meters = found;
  };
  const meterOf = async (eventName: string): Promise<string | undefined> => {
    if (!meters.has(eventName)) await load();
    return meters.get(eventName)?.id;
  };
  return {
    capabilities,
    batch,
    deliver: async (row) => {
      try {
        await stripe.billing.meterEvents.create({
          event_name: row.eventName,
          identifier: row.identifier,
          timestamp: row.timestamp,
          payload: { stripe_customer_id: row.customer, value: row.quantity.toString() },
        });
        return { kind: 'accepted' };
      } catch (error) {
        return classify(error);
      }
    },
    recorded: async (eventName, customer, hour) => {
      const meter = await meterOf(eventName);
      // What no meter counts cannot be billed; one that is archived still says what it has counted.
      if (meter === undefined) return 0n;
      const sums = await sumsOf(stripe, meter, customer, hour, hour + 3600, 'hour');
      return sums.get(hour) ?? 0n;
    },
    recordedSums: async (eventName, customer, from, to, grain) => {
      const meter = await meterOf(eventName);
      return meter === undefined ? new Map() : await sumsOf(stripe, meter, customer, from, to, grain);
    },
    closedPeriods: async (customer, from) => {
      if (meters.size === 0) await load();
      const ours = [...meters].flatMap(([name, { id }]) => (isOurs(name) ? [id] : []));
      return await readClosedPeriods(stripe, new Set(ours), { customer, from });
    },
    probe: () => probe(stripe),
    ensureMeters: async (account, eventNames) => {
      await load();
      for (const eventName of eventNames.filter((name) => !meters.has(name))) {
        const id = await createMeter(stripe, account, eventName);
        meters = new Map([...meters, [eventName, { id, active: true, window: windowOf(eventName) }]]);
      }
      for (const eventName of eventNames) assertCounts(eventName, meters.get(eventName));
      return eventNames.filter((name) => meters.get(name)?.active !== true);
    },
  };
}

function isOurs(eventName: string): boolean {
  return /^gpu_seconds(_hourly)?__/.test(eventName);
}

function windowOf(eventName: string): 'hour' | null {
  return ingestionOf(eventName) === 'HourlySnapshot' ? 'hour' : null;
}

/** A meter that adds would add up whole hours, and one that keeps the newest event would lose what is added. */
function assertCounts(eventName: string, meter: Meter | undefined): void {
  const wanted = windowOf(eventName);
  if (meter === undefined || meter.window === wanted) return;
  throw new TypeError(
    `meter ${meter.id} of ${eventName} has the event time window ${meter.window ?? 'none'} and needs ${wanted ?? 'none'}; it cannot be changed, so archive it and give the SKU another name`,
  );
}

async function sumsOf(
  stripe: Stripe,
  meter: string,
  customer: string,
  from: number,
  to: number,
  grain: 'hour' | 'day',
): Promise<ReadonlyMap<number, bigint>> {
  const range = { customer, start_time: from, end_time: to, value_grouping_window: grain, limit: 100 } as const;
  const sums = new Map<number, bigint>();
  for await (const { start_time, aggregated_value } of stripe.billing.meters.listEventSummaries(meter, range)) {
    // Stripe states sums as floats; one beyond 2^53 or with a fraction is not ours and must stop the row.
    if (!Number.isSafeInteger(aggregated_value)) {
      throw new RangeError(
        `Stripe states ${aggregated_value} for the ${grain} ${start_time}, which is no exact integer`,
      );
    }
    sums.set(start_time, BigInt(aggregated_value));
  }
  return sums;
}

async function createMeter(stripe: Stripe, account: string, eventName: string): Promise<string> {
  const params = {
    display_name: eventName.replace(/^gpu_seconds(_hourly)?__/, 'GPU seconds ').slice(0, 250),
    event_name: eventName,
    ...(windowOf(eventName) !== null && { event_time_window: 'hour' as const }),
    default_aggregation: { formula: 'sum' },
    customer_mapping: { type: 'by_id', event_payload_key: 'stripe_customer_id' },
    value_settings: { event_payload_key: 'value' },
  } as const;
  const made = await stripe.billing.meters.create(params, { idempotencyKey: `gpuopt-meter-${account}-${eventName}` });
  return made.id;
}

async function probe(stripe: Stripe): Promise<Probe> {
  try {
    const account = await stripe.accounts.retrieveCurrent();
    return { kind: 'ok', account: account.id };
  } catch (error) {
    if (!(error instanceof errors.StripeError)) throw error;
    const isRefused =
      error instanceof errors.StripeAuthenticationError || error instanceof errors.StripePermissionError;
    return { kind: isRefused ? 'refused' : 'unreachable', message: error.message };
  }
}
