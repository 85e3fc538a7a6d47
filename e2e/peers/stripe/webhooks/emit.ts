import { apiVersion } from '../http/version.ts';
import type { World } from '../world.ts';
import type { Delivery, RelatedObject } from './records.ts';

/** The request that caused an event. */
export interface Cause {
  readonly idempotencyKey: string | null;
}

/** Where an event goes. */
interface Receiver {
  readonly url: string;
  readonly secret: string;
}

const delaySeconds = 60;

/** Records a snapshot event of v1 and sends it to the endpoints that want it, and its thin form to thin destinations. */
export function emit(world: World, type: string, object: object, cause?: Cause): void {
  const { state, clock } = world;
  const receivers = state
    .all('endpoint')
    .filter(({ status, enabled_events }) => status === 'enabled' && wants(enabled_events, type));
  const id = state.id('evt');
  state.put('event', {
    id,
    object: 'event',
    api_version: apiVersion,
    created: clock.seconds(),
    data: { object },
    livemode: false,
    pending_webhooks: receivers.length,
    request: { id: null, idempotency_key: cause?.idempotencyKey ?? null },
    type,
  });
  for (const receiver of receivers) send(world, receiver, id, type);
  if (receiversOf(world, `v1.${type}`).length > 0) emitThin(world, `v1.${type}`, relatedTo(object));
}

/** Records a thin event of v2 and notifies the destinations that want it. */
export function emitThin(world: World, type: string, related_object: RelatedObject | null, data?: object): void {
  const { state, clock } = world;
  const id = state.id('evt_test');
  const created = new Date(clock.seconds() * 1000).toISOString();
  state.put('thin_event', {
    ...{ id, object: 'v2.core.event', created, livemode: false, related_object, type },
    ...(data && { data }),
  });
  for (const { webhook_endpoint } of receiversOf(world, type)) {
    send(world, { url: webhook_endpoint.url, secret: webhook_endpoint.signing_secret }, id, type);
  }
}

function receiversOf({ state }: World, type: string) {
  return state.all('destination').filter(({ status, event_payload, enabled_events }) => {
    return status === 'enabled' && event_payload === 'thin' && wants(enabled_events, type);
  });
}

function wants(enabled: readonly string[], type: string): boolean {
  return enabled.includes('*') || enabled.includes(type);
}

function relatedTo(object: object): RelatedObject | null {
  const id: unknown = Reflect.get(object, 'id');
  const type: unknown = Reflect.get(object, 'object');
  if (typeof id !== 'string' || typeof type !== 'string') return null;
  const [area = '', kind] = type.split('.');
  return { id, type, url: kind === undefined ? `/v1/${area}s/${id}` : `/v1/${area}/${kind}s/${id}` };
}

/** Puts an event on its way; the plan of faults may lose, repeat, delay or overtake it. */
function send(world: World, { url, secret }: Receiver, event: string, type: string): void {
  const { state, clock, faults } = world;
  const fault = faults.nextWebhook(type);
  const make = (change: Partial<Delivery> = {}): void => {
    const id = state.id('whd');
    const due = clock.seconds();
    state.put('delivery', {
      id,
      url,
      secret,
      event,
      type,
      order: orderOf(id),
      due,
      state: 'due',
      attempts: [],
      ...change,
    });
  };
  if (fault?.fault === 'lose') make({ state: 'lost' });
  else if (fault?.fault === 'delay') make({ due: clock.seconds() + (fault.seconds ?? delaySeconds) });
  else if (fault?.fault === 'reorder') make({ state: 'held' });
  else make();
  if (fault?.fault === 'repeat') make();
  if (fault?.fault !== 'reorder') release(world, url);
}

/** Lets deliveries go that waited to be overtaken. */
export function release({ state }: World, url?: string): void {
  for (const delivery of state.all('delivery')) {
    if (delivery.state !== 'held' || (url !== undefined && delivery.url !== url)) continue;
    state.put('delivery', { ...delivery, state: 'due', order: orderOf(state.id('whd')) });
  }
}

/** Ids rise. */
function orderOf(id: string): number {
  return Number(id.slice(-8));
}
