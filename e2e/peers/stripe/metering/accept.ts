import { conflict } from '../http/refusal.ts';
import type { World } from '../world.ts';
import { type AskedEvent, check } from './check.ts';
import type { MeterEvent } from './records.ts';
import { validate } from './validate.ts';

const daySeconds = 86_400;

/** What a call wants counted. */
export interface Wanted extends AskedEvent {
  readonly identifier: string;
  readonly via: MeterEvent['via'];
}

/**
 * Takes an event: with 200 it is taken, not yet recorded. Identifiers are unique in the account "within a rolling period
 * of at least 24 hours" (https://docs.stripe.com/api/billing/meter-event/create).
 */
export function accept(world: World, wanted: Wanted, checkAtOnce: boolean, forced?: string): MeterEvent {
  const { state, clock, settings, timers } = world;
  if (checkAtOnce) refuseWrong(world, wanted);
  if (isKnown(world, wanted.identifier)) throw duplicate(wanted);
  const received = clock.seconds();
  const event: MeterEvent = {
    ...wanted,
    id: state.id('mtrevt'),
    received,
    checked_at: received + settings.validationLagSeconds,
    state: 'pending',
    ...(forced !== undefined && { forced }),
    voided: false,
    meter: '',
    customer: '',
    value: '',
  };
  state.put('identifier', { id: wanted.identifier, received });
  state.put('meter_event', event);
  if (settings.validationLagSeconds > 0) timers.ensure('validate-events', String(event.checked_at), event.checked_at);
  else validate(world, [event]);
  return event;
}

/** The identifier was accepted and is not forgotten. */
export function isKnown({ state, clock, settings }: World, identifier: string): boolean {
  const known = state.get('identifier', identifier);
  if (known === undefined) return false;
  return settings.identifierExpiry === 'never' || clock.seconds() - known.received < daySeconds;
}

function refuseWrong(world: World, wanted: AskedEvent): void {
  const found = check(world, wanted);
  if (found !== undefined) throw conflict(found.message, { code: found.code, param: found.param });
}

/** v1 says it in words only, v2 by a code as well. */
function duplicate({ identifier, via }: Wanted): Error {
  const code = via === 'v1' ? {} : { code: 'duplicate_meter_event' };
  return conflict(`An event already exists with identifier ${identifier}.`, code);
}
