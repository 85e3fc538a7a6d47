import { removeCustomer } from '../catalog/customers.ts';
import { type Call, idOf, page, params, type Route } from '../exchange.ts';
import { conflict, missing } from '../http/refusal.ts';
import { expand, paging, time } from '../params/common.ts';
import { optional, text } from '../params/shape.ts';
import { after } from '../subscriptions/calendar.ts';
import { rhythmOf } from '../subscriptions/periods.ts';
import { emit } from '../webhooks/emit.ts';
import type { World } from '../world.ts';
import { passTestClock } from './pass.ts';
import type { TestClock } from './records.ts';

const lifeSeconds = 30 * 86_400;

/** POST /v1/test_helpers/test_clocks */
export const createClock: Route = (call) => {
  const { state, clock } = call.world;
  const asked = params(call, { frozen_time: time, name: optional(text({ most: 300 })), expand });
  const created = clock.seconds();
  const made: TestClock = {
    id: state.id('clock'),
    object: 'test_helpers.test_clock',
    created,
    deletes_after: created + lifeSeconds,
    frozen_time: asked.frozen_time,
    livemode: false,
    name: asked.name ?? null,
    status: 'ready',
    status_details: {},
  };
  state.put('test_clock', made);
  emit(call.world, 'test_helpers.test_clock.created', made, call);
  return made;
};

/**
 * POST /v1/test_helpers/test_clocks/ID/advance: forward only, at most two intervals of its shortest subscription. The
 * answer says `advancing`, as Stripe's does; the work is done when the next call comes.
 */
export const advanceClock: Route = (call) => {
  const { world } = call;
  const { frozen_time } = params(call, { frozen_time: time, expand });
  const before = clockOf(call);
  if (frozen_time <= before.frozen_time) {
    throw conflict('A test clock can only be advanced to a later time.', { param: 'frozen_time' });
  }
  const latest = latestFor(world, before);
  if (frozen_time > latest) {
    const message = `A test clock can be advanced by two intervals of its shortest subscription, to ${latest} at most.`;
    throw conflict(message, { param: 'frozen_time' });
  }
  passTestClock(world, before.id, frozen_time);
  const ready = clockOf(call);
  emit(world, 'test_helpers.test_clock.ready', ready, call);
  return { ...before, status: 'advancing', status_details: { advancing: { target_frozen_time: frozen_time } } };
};

/** GET /v1/test_helpers/test_clocks/ID */
export const showClock: Route = (call) => {
  params(call, { expand });
  return clockOf(call);
};

/** GET /v1/test_helpers/test_clocks */
export const listClocks: Route = (call) => {
  const asked = params(call, paging);
  return page(asked, '/v1/test_helpers/test_clocks', call.world.state.all('test_clock'));
};

/** DELETE /v1/test_helpers/test_clocks/ID: with its customers. */
export const deleteClock: Route = (call) => {
  params(call, {});
  const { id } = clockOf(call);
  for (const customer of call.world.state.all('customer')) {
    if (customer.test_clock === id && customer.deleted !== true) removeCustomer(call.world, customer);
  }
  call.world.state.remove('test_clock', id);
  return { id, object: 'test_helpers.test_clock', deleted: true };
};

function latestFor(world: World, { id, frozen_time }: TestClock): number {
  const running = world.state.all('subscription').filter((one) => one.test_clock === id && one.ended_at === null);
  const ends = running.map(({ items }) => after(frozen_time, rhythmOf(world, items), 2));
  return ends.length === 0 ? after(frozen_time, { interval: 'year', interval_count: 1 }, 2) : Math.min(...ends);
}

function clockOf(call: Call): TestClock {
  const clock = call.world.state.get('test_clock', idOf(call));
  if (clock === undefined) throw missing('test clock', idOf(call));
  return clock;
}
