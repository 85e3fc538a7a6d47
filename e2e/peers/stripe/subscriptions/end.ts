import { emit } from '../webhooks/emit.ts';
import { now, type World } from '../world.ts';
import type { Subscription } from './records.ts';
import { shown } from './show.ts';

/** Ends a subscription now; what is not invoiced yet stays so. */
export function endSubscription(
  world: World,
  subscription: Subscription,
  reason = 'cancellation_requested',
): Subscription {
  const at = now(world, subscription.test_clock);
  const ended: Subscription = {
    ...subscription,
    canceled_at: subscription.canceled_at ?? at,
    cancellation_details: { ...subscription.cancellation_details, reason },
    ended_at: at,
    status: 'canceled',
  };
  world.timers.clear('subscription-period', subscription.id);
  world.state.put('subscription', ended);
  emit(world, 'customer.subscription.deleted', shown(world, ended));
  return ended;
}
