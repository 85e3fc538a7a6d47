import { expireGrant, grantEffective } from '../credits/grants.ts';
import { finalizeDue, payDue } from '../invoices/advance.ts';
import { overdue } from '../invoices/payment.ts';
import { validateDue } from '../metering/validate.ts';
import { expireCheckout } from '../pages/checkout.ts';
import { periodEnds } from '../subscriptions/periods.ts';
import type { World } from '../world.ts';
import type { TestClock, TimerKind } from './records.ts';

const handlers: Readonly<Record<TimerKind, (world: World, subject: string) => void>> = {
  'validate-events': validateDue,
  'subscription-period': periodEnds,
  'invoice-finalize': finalizeDue,
  'invoice-payment': payDue,
  'invoice-overdue': overdue,
  'grant-effective': grantEffective,
  'grant-expiry': expireGrant,
  'checkout-expiry': expireCheckout,
};

/** Does what has become due on the peer's own clock, each thing at its own time and in order. */
export function passTime(world: World): void {
  const until = world.clock.seconds();
  for (;;) {
    const timer = world.timers.takeDue('', until);
    if (timer === undefined) return;
    world.clock.at(timer.at, () => handlers[timer.kind](world, timer.subject));
  }
}

/** Moves a test clock forward, doing on the way what becomes due on it. */
export function passTestClock(world: World, id: string, until: number): void {
  const { state, timers } = world;
  const stand = (frozen_time: number): void => {
    const clock = state.get('test_clock', id);
    if (clock !== undefined)
      state.put('test_clock', { ...clock, frozen_time: Math.max(frozen_time, clock.frozen_time) });
  };
  for (;;) {
    const timer = timers.takeDue(id, until);
    if (timer === undefined) break;
    stand(timer.at);
    handlers[timer.kind](world, timer.subject);
  }
  stand(until);
}

/** Moves the peer's clock forward; test clocks follow by as much. */
export function jump(world: World, seconds: number): void {
  world.clock.advance(seconds);
  passTime(world);
  for (const clock of world.state.all('test_clock')) followed(world, clock, seconds);
}

function followed(world: World, clock: TestClock, seconds: number): void {
  passTestClock(world, clock.id, clock.frozen_time + Math.floor(seconds));
}
