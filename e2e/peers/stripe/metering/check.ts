import type { Strings } from '../params/common.ts';
import { now, type World } from '../world.ts';
import type { Meter } from './records.ts';

/** Why Stripe does not count an event; the codes are those of `v1.billing.meter.error_report_triggered`. */
export interface Finding {
  readonly code: string;
  readonly message: string;
  readonly param: string;
}

/** A meter event as it was asked for. */
export interface AskedEvent {
  readonly event_name: string;
  readonly payload: Strings;
  readonly timestamp: number;
}

const daySeconds = 86_400;
const oldestSeconds = 35 * daySeconds;
const newestSeconds = 5 * 60;
/** Stripe states no number for meter_event_value_too_many_digits; ours keeps sums within a float's whole numbers. */
const mostDigits = 15;

type Rule = (world: World, event: AskedEvent, meter: Meter | undefined) => Finding | undefined;

const tooOld: Rule = (world, { timestamp, payload }, meter) => {
  const oldest = timeFor(world, payload, meter) - oldestSeconds;
  if (timestamp >= oldest) return undefined;
  const message = `The event timestamp cannot be more than 35 days in the past; expected ${oldest} or later.`;
  return { code: 'timestamp_too_far_in_past', param: 'timestamp', message };
};

const tooNew: Rule = (world, { timestamp, payload }, meter) => {
  const newest = timeFor(world, payload, meter) + newestSeconds;
  if (timestamp <= newest) return undefined;
  const message = `The event timestamp cannot be more than 5 minutes in the future; expected ${newest} or earlier.`;
  return { code: 'timestamp_in_future', param: 'timestamp', message };
};

const noMeter: Rule = ({ state }, { event_name }, meter) => {
  if (meter !== undefined || state.all('meter').some((one) => one.event_name === event_name)) return undefined;
  return { code: 'no_meter', param: 'event_name', message: `No meter was found for event name ${event_name}.` };
};

const archived: Rule = (_world, { event_name }, meter) => {
  if (meter !== undefined) return undefined;
  return { code: 'archived_meter', param: 'event_name', message: `The meter for ${event_name} is not active.` };
};

const noCustomer: Rule = (_world, { payload }, meter) => {
  const key = meter?.customer_mapping.event_payload_key ?? '';
  if (payload[key] !== undefined && payload[key] !== '') return undefined;
  const message = `The payload must name the customer under ${key}.`;
  return { code: 'meter_event_no_customer_defined', param: `payload[${key}]`, message };
};

const badValue: Rule = (_world, { payload }, meter) => {
  if (meter?.default_aggregation.formula === 'count') return undefined;
  const key = meter?.value_settings.event_payload_key ?? '';
  if (/^-?\d+$/.test(payload[key] ?? '')) return undefined;
  const message = `The payload's ${key} must be a whole number, not ${JSON.stringify(payload[key] ?? null)}.`;
  return { code: 'meter_event_invalid_value', param: `payload[${key}]`, message };
};

const tooManyDigits: Rule = (_world, { payload }, meter) => {
  const key = meter?.value_settings.event_payload_key ?? '';
  if ((payload[key] ?? '').replace('-', '').length <= mostDigits) return undefined;
  const message = `The payload's ${key} may have ${mostDigits} digits at most.`;
  return { code: 'meter_event_value_too_many_digits', param: `payload[${key}]`, message };
};

/** In the order in which they are found; the customer itself is only looked up later. */
const rules: readonly Rule[] = [noMeter, archived, tooOld, tooNew, noCustomer, badValue, tooManyDigits];

/** The first thing that is wrong with an event. */
export function check(world: World, event: AskedEvent): Finding | undefined {
  const meter = activeMeter(world, event.event_name);
  for (const rule of rules) {
    const finding = rule(world, event, meter);
    if (finding !== undefined) return finding;
  }
  return undefined;
}

/** The meter that takes events of this name. */
export function activeMeter({ state }: World, eventName: string): Meter | undefined {
  return state.all('meter').find(({ event_name, status }) => event_name === eventName && status === 'active');
}

/** A customer on a test clock is billed by that clock's time. */
function timeFor(world: World, payload: Strings, meter: Meter | undefined): number {
  const customer = payload[meter?.customer_mapping.event_payload_key ?? ''] ?? '';
  return now(world, world.state.get('customer', customer)?.test_clock);
}
