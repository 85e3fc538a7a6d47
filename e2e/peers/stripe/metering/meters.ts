import { type Call, idOf, page, params, type Route } from '../exchange.ts';
import { conflict, missing } from '../http/refusal.ts';
import { expand, paging } from '../params/common.ts';
import { object, oneOf, optional, text } from '../params/shape.ts';
import { emit } from '../webhooks/emit.ts';
import type { Meter } from './records.ts';

const url = '/v1/billing/meters';
const payloadKey = text({ most: 100 });

/** POST /v1/billing/meters: an event name of at most 100 characters, one active meter each. */
export const createMeter: Route = (call) => {
  const { state, clock } = call.world;
  const asked = params(call, {
    display_name: text({ most: 250 }),
    event_name: text({ most: 100 }),
    default_aggregation: object({ formula: oneOf('sum', 'count', 'last') }),
    customer_mapping: optional(object({ type: oneOf('by_id'), event_payload_key: payloadKey })),
    event_time_window: optional(oneOf('hour', 'day')),
    value_settings: optional(object({ event_payload_key: payloadKey })),
    expand,
  });
  refuseTaken(call, asked.event_name);
  const seconds = clock.seconds();
  const meter: Meter = {
    id: state.id('mtr_test'),
    object: 'billing.meter',
    created: seconds,
    customer_mapping: asked.customer_mapping ?? { event_payload_key: 'stripe_customer_id', type: 'by_id' },
    default_aggregation: asked.default_aggregation,
    display_name: asked.display_name,
    event_name: asked.event_name,
    event_time_window: asked.event_time_window ?? null,
    livemode: false,
    status: 'active',
    status_transitions: { deactivated_at: null },
    updated: seconds,
    value_settings: asked.value_settings ?? { event_payload_key: 'value' },
  };
  return save(call, 'billing.meter.created', meter);
};

/** GET /v1/billing/meters */
export const listMeters: Route = (call) => {
  const asked = params(call, { ...paging, status: optional(oneOf('active', 'inactive')) });
  const meters = call.world.state.all('meter');
  return page(
    asked,
    url,
    meters.filter(({ status }) => asked.status === undefined || status === asked.status),
  );
};

/** GET /v1/billing/meters/ID */
export const showMeter: Route = (call) => {
  params(call, { expand });
  return meterOf(call);
};

/** POST /v1/billing/meters/ID: only the display name may change. */
export const updateMeter: Route = (call) => {
  const { display_name } = params(call, { display_name: optional(text({ most: 250 })), expand });
  const meter = meterOf(call);
  return save(call, 'billing.meter.updated', { ...meter, display_name: display_name ?? meter.display_name });
};

/** POST /v1/billing/meters/ID/deactivate: no more events. */
export const deactivateMeter: Route = (call) => {
  params(call, { expand });
  const meter = meterOf(call);
  if (meter.status === 'inactive') throw conflict('This meter is already inactive.');
  const deactivated_at = call.world.clock.seconds();
  return save(call, 'billing.meter.deactivated', {
    ...meter,
    status: 'inactive',
    status_transitions: { deactivated_at },
  });
};

/** POST /v1/billing/meters/ID/reactivate */
export const reactivateMeter: Route = (call) => {
  params(call, { expand });
  const meter = meterOf(call);
  if (meter.status === 'active') throw conflict('This meter is already active.');
  refuseTaken(call, meter.event_name);
  return save(call, 'billing.meter.reactivated', {
    ...meter,
    status: 'active',
    status_transitions: { deactivated_at: null },
  });
};

/** The meter that the path names. */
export function meterOf(call: Call): Meter {
  const meter = call.world.state.get('meter', idOf(call));
  if (meter === undefined) throw missing('meter', idOf(call));
  return meter;
}

function refuseTaken({ world }: Call, eventName: string): void {
  const taken = world.state
    .all('meter')
    .some(({ event_name, status }) => event_name === eventName && status === 'active');
  if (taken) throw conflict(`An active meter with event_name ${eventName} already exists.`, { param: 'event_name' });
}

function save(call: Call, type: string, meter: Meter): Meter {
  const saved = { ...meter, updated: call.world.clock.seconds() };
  call.world.state.put('meter', saved);
  emit(call.world, type, saved, call);
  return saved;
}
