import { setTimeout as delay } from 'node:timers/promises';

import { type Carried, carried, note } from '../control/attempts.ts';
import type { Fault } from '../control/faults.ts';
import { parseForm, parseJson } from '../params/form.ts';
import { type Match, match } from '../routes.ts';
import type { World } from '../world.ts';
import { expanded } from './expand.ts';
import type { Flights } from './flights.ts';
import { type Answer, breakKept, once } from './idempotency.ts';
import { type KeyState, refuseKey, tokenOf } from './keys.ts';
import type { Pace } from './pace.ts';
import { Refusal } from './refusal.ts';
import { refuseVersion } from './version.ts';

/** A request of Stripe's API. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: string;
  readonly header: (name: string) => string | undefined;
}

/** What the order of checks works with. */
export interface Gate {
  readonly world: World;
  readonly flights: Flights;
  readonly pace: Pace;
  readonly key: { readonly state: KeyState };
}

/** The answer, or how the connection ends without one. */
export type Outcome = Answer | 'dropped' | 'hanging';

const slowMillis = 2000;
const streamRoute = 'POST /v2/billing/meter_event_stream';

/** Serves a request: its fault first, then key, version, rate, idempotency key, parameters and the work itself. */
export async function serve(gate: Gate, request: Request): Promise<Outcome> {
  const { world } = gate;
  const found = match(request.method, request.path);
  const fault = found === undefined ? undefined : world.faults.next(found.name);
  const cargo = cargoOf(world, found, request);
  const early = before(fault);
  if (early !== undefined) {
    note(world.state, cargo.identifiers, fault?.fault ?? '');
    return early;
  }
  const answer = await refusable(() =>
    gate.flights.alone(cargo.usage, keyOf(request), async () => {
      if (fault?.fault === 'slow') await delay(fault.delayMs ?? slowMillis);
      return world.faults.during(fault, () => work(gate, request, found));
    }),
  );
  const late = after(fault);
  note(world.state, cargo.identifiers, outcomeOf(answer, late === undefined ? undefined : fault));
  if (typeof late === 'object') breakKept(world, keyOf(request), late);
  return late ?? answer;
}

function work(gate: Gate, request: Request, found: Match | undefined): Answer {
  const { world } = gate;
  const isV2 = request.path.startsWith('/v2/');
  const token = tokenOf(request.header('authorization'));
  // The stream has tokens of its own.
  if (found?.name !== streamRoute) refuseKey(token, world.settings.key, gate.key.state);
  refuseVersion(request.header('stripe-version'), isV2);
  gate.pace.take(found?.name ?? '', performance.now());
  if (found === undefined) {
    const message = `Unrecognized request URL (${request.method}: ${request.path}).`;
    throw new Refusal(404, message, { code: 'url_invalid', beforeWork: true });
  }
  refuseContent(request, isV2);
  const given = givenOf(request);
  const key = keyOf(request);
  const call = { world, given, ids: found.ids, token, idempotencyKey: key ?? null };
  return once(world, key, `${request.method} ${request.path} ${request.body}`, () => {
    return {
      status: 200,
      body: expanded(
        world,
        world.state.atomically(() => found.route(call)),
        given.get('expand'),
      ),
    };
  });
}

/** Keys count for writes only. */
function keyOf({ method, header }: Request): string | undefined {
  return method === 'POST' ? header('idempotency-key') : undefined;
}

function givenOf({ method, path, query, body }: Request): ReadonlyMap<string, unknown> {
  if (method === 'GET' || body === '') return parseForm(query);
  return path.startsWith('/v2/') ? parseJson(body) : parseForm(body);
}

function refuseContent({ method, body, header }: Request, isV2: boolean): void {
  if (method !== 'POST' || body === '') return;
  const wanted = isV2 ? 'application/json' : 'application/x-www-form-urlencoded';
  if ((header('content-type') ?? '').startsWith(wanted)) return;
  throw new Refusal(400, `Invalid request (check that your POST content type is ${wanted}).`, { beforeWork: true });
}

/** What is noted about a call even when it is refused. */
function cargoOf({ state }: World, found: Match | undefined, request: Request): Carried {
  try {
    return carried(state, found?.name, givenOf(request));
  } catch (error) {
    if (error instanceof Refusal) return { identifiers: [], usage: [] };
    throw error;
  }
}

function outcomeOf({ status, body }: Answer, fault: Fault | undefined): string {
  const error: unknown = Reflect.get(body, 'error');
  const said = status === 200 ? 'accepted' : String(Reflect.get(Object(error), 'code') ?? sentence(error));
  return fault === undefined ? said : `${said}, ${fault.fault}`;
}

/** v1 names no code for a duplicate. */
function sentence(error: unknown): string {
  const message = String(Reflect.get(Object(error), 'message'));
  return /already exists with identifier/.test(message) ? 'duplicate' : message;
}

function before(fault: Fault | undefined): Outcome | undefined {
  switch (fault?.fault) {
    case 'drop-before-accept':
      return 'dropped';
    case 'timeout-before-accept':
      return 'hanging';
    case '500-before-accept':
      return broken;
    case '409':
      return busy(409, 'lock_timeout', {});
    case '429': {
      const wait = fault.retryAfterSeconds;
      return busy(429, 'rate_limit', wait === undefined ? {} : { 'retry-after': String(wait) });
    }
    default:
      return undefined;
  }
}

function after(fault: Fault | undefined): Outcome | undefined {
  if (fault?.fault === 'accept-then-drop') return 'dropped';
  if (fault?.fault === 'timeout-after-accept') return 'hanging';
  return fault?.fault === '500-after-accept' ? broken : undefined;
}

const broken: Answer = { status: 500, body: { error: { type: 'api_error', message: 'An unknown error occurred.' } } };

function busy(status: number, code: string, headers: Readonly<Record<string, string>>): Answer {
  const message = 'Another request is in progress, or too many requests were made.';
  return { status, body: { error: { type: 'invalid_request_error', code, message } }, headers };
}

async function refusable(run: () => Promise<Answer>): Promise<Answer> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refusalAnswer(error);
  }
}

/** A refusal as it goes back: what is wrong stays wrong, so the SDK is told not to try again. */
export function refusalAnswer({ status, body, details }: Refusal): Answer {
  const isFinal = status < 500 && status !== 409 && status !== 429;
  return { status, body, headers: { ...(isFinal && { 'stripe-should-retry': 'false' }), ...details.headers } };
}
