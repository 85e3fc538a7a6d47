import { type Call, idOf, params, type Route } from '../exchange.ts';
import { missing } from '../http/refusal.ts';
import { mergeMetadata, metadata, url } from '../params/common.ts';
import { integer, list, object, oneOf, optional, text } from '../params/shape.ts';
import type { Destination } from './records.ts';

/** POST /v2/core/event_destinations: address and secret are only answered when asked for by `include`. */
export const createDestination: Route = (call) => {
  const { state, clock } = call.world;
  const asked = params(call, {
    description: optional(text()),
    enabled_events: list(text(), { least: 1 }),
    event_payload: oneOf('thin'),
    include: optional(list(oneOf('webhook_endpoint.signing_secret', 'webhook_endpoint.url'))),
    metadata,
    name: text(),
    type: oneOf('webhook_endpoint'),
    webhook_endpoint: object({ url }),
  });
  const id = state.id('ed_test');
  const created = new Date(clock.seconds() * 1000).toISOString();
  const destination: Destination = {
    id,
    object: 'v2.core.event_destination',
    created,
    description: asked.description ?? '',
    enabled_events: asked.enabled_events,
    event_payload: asked.event_payload,
    livemode: false,
    metadata: mergeMetadata({}, asked.metadata),
    name: asked.name,
    status: 'enabled',
    type: 'webhook_endpoint',
    updated: created,
    webhook_endpoint: { signing_secret: `whsec_${id}`, url: asked.webhook_endpoint.url },
  };
  state.put('destination', destination);
  return shown(destination, asked.include ?? []);
};

/** GET /v2/core/event_destinations/ID */
export const showDestination: Route = (call) => {
  const asked = params(call, { include: optional(list(text())) });
  return shown(destinationOf(call), asked.include ?? []);
};

/** GET /v2/core/event_destinations: one page. */
export const listDestinations: Route = (call) => {
  params(call, { include: optional(list(text())), limit: optional(integer({ least: 1, most: 100 })) });
  const data = call.world.state.all('destination').map((one) => shown(one, []));
  return { data, next_page_url: null, previous_page_url: null };
};

/** DELETE /v2/core/event_destinations/ID */
export const deleteDestination: Route = (call) => {
  params(call, {});
  const { id, object: kind } = destinationOf(call);
  call.world.state.remove('destination', id);
  return { id, object: kind };
};

function destinationOf(call: Call): Destination {
  const destination = call.world.state.get('destination', idOf(call));
  if (destination === undefined) throw missing('event destination', idOf(call));
  return destination;
}

function shown({ webhook_endpoint, ...rest }: Destination, include: readonly string[]): object {
  return {
    ...rest,
    webhook_endpoint: {
      ...(include.includes('webhook_endpoint.signing_secret') && { signing_secret: webhook_endpoint.signing_secret }),
      ...(include.includes('webhook_endpoint.url') && { url: webhook_endpoint.url }),
    },
  };
}
