import { type Call, params, type Route } from '../exchange.ts';
import { conflict } from '../http/refusal.ts';
import { expand } from '../params/common.ts';
import { object, oneOf, text } from '../params/shape.ts';
import type { MeterEvent } from './records.ts';

const daySeconds = 86_400;

const fields = {
  event_name: text({ most: 100 }),
  type: oneOf('cancel'),
  cancel: object({ identifier: text({ most: 100 }) }),
};

/** POST /v1/billing/meter_event_adjustments: cancels an event within 24 hours of its receipt. */
export const adjustEvent: Route = (call) => {
  const { event_name, cancel } = params(call, { ...fields, expand });
  cancelEvent(call, event_name, cancel.identifier);
  return {
    object: 'billing.meter_event_adjustment',
    cancel,
    event_name,
    livemode: false,
    status: 'pending',
    type: 'cancel',
  };
};

/** POST /v2/billing/meter_event_adjustments */
export const adjustEventV2: Route = (call) => {
  const { state, clock } = call.world;
  const { event_name, cancel } = params(call, fields);
  cancelEvent(call, event_name, cancel.identifier);
  return {
    id: state.id('mtr_adj'),
    object: 'v2.billing.meter_event_adjustment',
    cancel,
    created: new Date(clock.seconds() * 1000).toISOString(),
    event_name,
    livemode: false,
    status: 'pending',
    type: 'cancel',
  };
};

function cancelEvent({ world }: Call, eventName: string, identifier: string): void {
  const { state, clock } = world;
  const param = 'cancel[identifier]';
  const event = state
    .all('meter_event')
    .findLast((one) => one.identifier === identifier && one.event_name === eventName);
  if (event === undefined) throw conflict(`No event found with identifier ${identifier}.`, { param });
  if (clock.seconds() - event.received > daySeconds) {
    throw conflict('Events can only be cancelled within 24 hours of their receipt.', { param });
  }
  if (isInvoiced(world, event)) {
    throw conflict('Events on a finalized invoice cannot be cancelled.', { param });
  }
  state.put('meter_event', { ...event, voided: true });
}

/** A finalised invoice has billed the event's time for its meter and customer. */
function isInvoiced({ state }: Call['world'], event: MeterEvent): boolean {
  return state.all('invoice').some(({ customer, status, lines }) => {
    if (customer !== event.customer || status === 'draft' || status === 'void') return false;
    return lines.some(({ period, pricing }) => {
      const price = state.get('price', pricing?.price_details.price ?? '');
      if (price?.recurring?.meter !== event.meter) return false;
      return event.timestamp >= period.start && event.timestamp < period.end;
    });
  });
}
