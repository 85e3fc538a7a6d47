import { type Call, params, type Route } from '../exchange.ts';
import { expand, strings } from '../params/common.ts';
import { integer, optional, text } from '../params/shape.ts';
import { accept } from './accept.ts';

const payload = strings({ keys: 50, keyLength: 100, valueLength: 100 });

/** POST /v1/billing/meter_events */
export const createEvent: Route = (call) => {
  const { state, clock, settings } = call.world;
  const asked = params(call, {
    event_name: text({ most: 100 }),
    payload,
    identifier: optional(text({ most: 100 })),
    timestamp: optional(integer({ least: 0 })),
    expand,
  });
  const { event_name, timestamp = clock.seconds() } = asked;
  const identifier = asked.identifier ?? state.id('auto');
  const wanted = { event_name, payload: asked.payload, timestamp, identifier, via: 'v1' } as const;
  const event = accept(call.world, wanted, settings.validation === 'early', forcedBy(call));
  return {
    object: 'billing.meter_event',
    created: event.received,
    event_name,
    identifier,
    livemode: false,
    payload: asked.payload,
    timestamp,
  };
};

/** The code with which the plan of faults wants this event rejected later. */
export function forcedBy({ world }: Call): string | undefined {
  return world.faults.takeAsyncReject();
}
