import type { Call, Route } from './exchange.ts';
import { integer, map, onlyKnown, text } from './form.ts';
import type { Meter, MeterEvent } from './memory.ts';
import { Refusal } from './refusal.ts';

const daySeconds = 86_400;
const oldestSeconds = 35 * daySeconds;
const newestSeconds = 5 * 60;
/** Stripe refuses more with meter_event_value_too_many_digits. */
const mostDigits = 15;

/** POST /v1/billing/meter_events */
export const createEvent: Route = (call) => {
  const { memory, clock, form } = call;
  onlyKnown(form, ['event_name', 'identifier', 'timestamp', 'payload[']);
  const event_name = text(form, 'event_name', 100);
  const identifier = form.has('identifier') ? text(form, 'identifier', 100) : memory.id('mtrevt');
  const timestamp = timestampOf(call);
  const meter = meterOf(call, event_name);
  const payload = map(form, 'payload');
  const customer = payload[meter.customerKey];
  const value = payload[meter.valueKey];
  if (customer === undefined || customer === '')
    throw invalid(`payload[${meter.customerKey}]`, 'meter_event_no_customer_defined');
  checkValue(value, meter);
  refuseDuplicate(call, identifier);
  const event: MeterEvent = {
    ...{ identifier, event_name, meter: meter.id, customer, value: value ?? '', timestamp },
    ...{ received: clock.seconds(), voided: false, rejected: laterRejection(call, customer) },
  };
  memory.write({ kind: 'event', value: event });
  return {
    object: 'billing.meter_event',
    created: event.received,
    event_name,
    identifier,
    livemode: false,
    payload,
    timestamp,
  };
};

/** POST /v1/billing/meter_event_adjustments: cancels an event within 24 hours of its receipt. */
export const adjustEvent: Route = ({ memory, clock, form }) => {
  onlyKnown(form, ['event_name', 'type', 'cancel[identifier]']);
  const event_name = text(form, 'event_name', 100);
  const identifier = text(form, 'cancel[identifier]', 100);
  if (text(form, 'type') !== 'cancel') throw new Refusal(400, 'Invalid type: must be cancel', { param: 'type' });
  const event = memory.events.findLast((one) => one.identifier === identifier && one.event_name === event_name);
  if (event === undefined)
    throw new Refusal(400, `No event found with identifier ${identifier}.`, { param: 'cancel[identifier]' });
  if (clock.seconds() - event.received > daySeconds) {
    throw new Refusal(400, 'Events can only be cancelled within 24 hours of their receipt.', {
      param: 'cancel[identifier]',
    });
  }
  memory.write({ kind: 'void', identifier, event_name });
  return {
    object: 'billing.meter_event_adjustment',
    type: 'cancel',
    cancel: { identifier },
    event_name,
    livemode: false,
    status: 'pending',
  };
};

function timestampOf({ clock, form }: Call): number {
  const now = clock.seconds();
  const timestamp = integer(form, 'timestamp') ?? now;
  if (timestamp < now - oldestSeconds) {
    throw invalid('timestamp', 'timestamp_too_far_in_past', 'The timestamp must be within the past 35 calendar days.');
  }
  if (timestamp > now + newestSeconds) {
    throw invalid('timestamp', 'timestamp_in_future', 'The timestamp must not be more than 5 minutes in the future.');
  }
  return timestamp;
}

function meterOf({ memory }: Call, eventName: string): Meter {
  const named = [...memory.meters.values()].filter(({ event_name }) => event_name === eventName);
  const active = named.find(({ status }) => status === 'active');
  if (active !== undefined) return active;
  if (named.length > 0)
    throw invalid('event_name', 'archived_meter', `The meter for event name ${eventName} is not active.`);
  throw invalid('event_name', 'no_meter', `No meter was found for event name ${eventName}.`);
}

function checkValue(value: string | undefined, meter: Meter): void {
  const param = `payload[${meter.valueKey}]`;
  if (value === undefined || !/^-?\d+$/.test(value)) throw invalid(param, 'meter_event_invalid_value');
  if (value.replace('-', '').length > mostDigits) throw invalid(param, 'meter_event_value_too_many_digits');
}

/** v1 says it in words only; the SDK's users match the sentence. */
function refuseDuplicate({ memory, clock, settings }: Call, identifier: string): void {
  const accepted = memory.identifiers.get(identifier);
  if (accepted === undefined) return;
  if (settings.identifierExpiry === '24h' && clock.seconds() - accepted >= daySeconds) return;
  throw new Refusal(400, `An event already exists with identifier ${identifier}.`);
}

/** Customers are checked after the answer: such an event was accepted and is never billed. */
function laterRejection({ memory }: Call, customer: string): string | undefined {
  return memory.objects.get(customer)?.object === 'customer' ? undefined : 'meter_event_customer_not_found';
}

function invalid(param: string, code: string, message = `Invalid ${param}: ${code}`): Refusal {
  return new Refusal(400, message, { code, param });
}
