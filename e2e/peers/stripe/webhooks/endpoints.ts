import { type Call, idOf, page, params, type Route } from '../exchange.ts';
import { missing } from '../http/refusal.ts';
import { emptyText, expand, mergeMetadata, metadata, paging, url } from '../params/common.ts';
import { boolean, list, optional, text } from '../params/shape.ts';
import type { Endpoint } from './records.ts';

/** POST /v1/webhook_endpoints: the secret is said here and never again. */
export const createEndpoint: Route = (call) => {
  const { state, clock } = call.world;
  const asked = params(call, {
    api_version: optional(text()),
    description: emptyText,
    enabled_events: list(text(), { least: 1 }),
    metadata,
    url,
    expand,
  });
  const id = state.id('we');
  const endpoint: Endpoint = {
    id,
    object: 'webhook_endpoint',
    api_version: asked.api_version ?? null,
    application: null,
    created: clock.seconds(),
    description: asked.description ?? null,
    enabled_events: asked.enabled_events,
    livemode: false,
    metadata: mergeMetadata({}, asked.metadata),
    secret: `whsec_${id}`,
    status: 'enabled',
    url: asked.url,
  };
  state.put('endpoint', endpoint);
  return endpoint;
};

/** GET /v1/webhook_endpoints/ID */
export const showEndpoint: Route = (call) => {
  params(call, { expand });
  return withoutSecret(endpointOf(call));
};

/** GET /v1/webhook_endpoints */
export const listEndpoints: Route = (call) => {
  const asked = params(call, paging);
  return page(asked, '/v1/webhook_endpoints', call.world.state.all('endpoint').map(withoutSecret));
};

/** POST /v1/webhook_endpoints/ID */
export const updateEndpoint: Route = (call) => {
  const before = endpointOf(call);
  const asked = params(call, {
    description: emptyText,
    disabled: optional(boolean),
    enabled_events: optional(list(text(), { least: 1 })),
    metadata,
    url: optional(url),
    expand,
  });
  const endpoint: Endpoint = {
    ...before,
    description: asked.description === undefined ? before.description : asked.description,
    enabled_events: asked.enabled_events ?? before.enabled_events,
    metadata: mergeMetadata(before.metadata, asked.metadata),
    status: asked.disabled === undefined ? before.status : asked.disabled ? 'disabled' : 'enabled',
    url: asked.url ?? before.url,
  };
  call.world.state.put('endpoint', endpoint);
  return withoutSecret(endpoint);
};

/** DELETE /v1/webhook_endpoints/ID */
export const deleteEndpoint: Route = (call) => {
  params(call, {});
  const { id } = endpointOf(call);
  call.world.state.remove('endpoint', id);
  return { id, object: 'webhook_endpoint', deleted: true };
};

function endpointOf(call: Call): Endpoint {
  const endpoint = call.world.state.get('endpoint', idOf(call));
  if (endpoint === undefined) throw missing('webhook endpoint', idOf(call));
  return endpoint;
}

function withoutSecret({ secret: _secret, ...rest }: Endpoint): Omit<Endpoint, 'secret'> {
  return rest;
}
