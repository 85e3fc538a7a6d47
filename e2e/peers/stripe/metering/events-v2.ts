import { type Call, params, type Route } from '../exchange.ts';
import { invalid, Refusal } from '../http/refusal.ts';
import { strings } from '../params/common.ts';
import { list, object, optional, type Shape, text } from '../params/shape.ts';
import { accept, isKnown, type Wanted } from './accept.ts';
import { forcedBy } from './events-v1.ts';
import { report } from './reports.ts';

const sessionSeconds = 15 * 60;

/** RFC 3339, as everything under /v2 has it. */
const isoTime: Shape<string> = {
  read: (value, path) => {
    const time = text().read(value, path);
    if (/^\d{4}-\d\d-\d\dT/.test(time) && !Number.isNaN(Date.parse(time))) return time;
    throw invalid(path, `Invalid timestamp: ${time}; give RFC 3339, such as 2026-01-01T00:00:00Z`);
  },
};

const fields = {
  event_name: text({ most: 100 }),
  payload: strings({ keys: 50, keyLength: 100, valueLength: 100 }),
  identifier: optional(text({ most: 100 })),
  timestamp: optional(isoTime),
};

/** POST /v2/billing/meter_events: checked at once, processed later. */
export const createEventV2: Route = (call) => {
  const wanted = wantedOf(call, params(call, fields), 'v2');
  const event = accept(call.world, wanted, true, forcedBy(call));
  return {
    object: 'v2.billing.meter_event',
    created: iso(event.received),
    event_name: event.event_name,
    identifier: event.identifier,
    livemode: false,
    payload: event.payload,
    timestamp: iso(event.timestamp),
  };
};

/** POST /v2/billing/meter_event_session: a token that opens the stream for 15 minutes. */
export const createSession: Route = (call) => {
  const { state, clock } = call.world;
  params(call, {});
  const token = state.id('token_test');
  const expires = clock.seconds() + sessionSeconds;
  state.put('meter_session', { id: token, expires });
  return {
    id: state.id('mes_test'),
    object: 'v2.billing.meter_event_session',
    authentication_token: token,
    created: iso(clock.seconds()),
    expires_at: iso(expires),
    livemode: false,
  };
};

/** POST /v2/billing/meter_event_stream: up to 100 events, nothing is checked before the answer, which is empty. */
export const streamEvents: Route = (call) => {
  const { world } = call;
  authorize(call);
  const { events } = params(call, { events: list(object(fields), { most: 100, least: 1 }) });
  for (const asked of events) {
    const wanted = wantedOf(call, asked, 'stream');
    if (!isKnown(world, wanted.identifier)) accept(world, wanted, false, forcedBy(call));
    else reportDuplicate(call, wanted);
  }
  return {};
};

/** The stream takes a session's token, not the account's key. */
function authorize({ world, token }: Call): void {
  const session = world.state.get('meter_session', token);
  if (session === undefined) {
    throw new Refusal(401, 'The stream takes the token of a meter event session.', { code: 'invalid_session_token' });
  }
  if (world.clock.seconds() < session.expires && !world.faults.takeExpireSession()) return;
  const type = 'temporary_session_expired';
  throw new Refusal(400, 'The meter event session has expired; make a new one.', {
    type,
    code: 'billing_meter_event_session_expired',
  });
}

function wantedOf(
  { world }: Call,
  asked: { readonly [K in keyof typeof fields]: ReturnType<(typeof fields)[K]['read']> },
  via: Wanted['via'],
): Wanted {
  const timestamp =
    asked.timestamp === undefined ? world.clock.seconds() : Math.floor(Date.parse(asked.timestamp) / 1000);
  const { event_name, payload, identifier = world.state.id('auto') } = asked;
  return { event_name, payload, identifier, timestamp, via };
}

function reportDuplicate({ world }: Call, wanted: Wanted): void {
  const message = `An event already exists with identifier ${wanted.identifier}.`;
  const finding = { code: 'duplicate_meter_event', param: 'identifier', message };
  const received = world.clock.seconds();
  const event = {
    ...wanted,
    ...({
      id: '',
      received,
      checked_at: received,
      state: 'rejected',
      voided: false,
      meter: '',
      customer: '',
      value: '',
    } as const),
  };
  report(world, [{ event, finding }]);
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
