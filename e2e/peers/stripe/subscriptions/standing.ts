import type { Invoice } from '../invoices/records.ts';
import { emit } from '../webhooks/emit.ts';
import type { World } from '../world.ts';
import { endSubscription } from './end.ts';
import type { Subscription } from './records.ts';
import { shown } from './show.ts';

/** What the payment of one of its invoices makes of a subscription. */
export function standing(world: World, invoice: Invoice, outcome: 'paid' | 'failed' | 'gave-up'): void {
  const subscription = world.state.get('subscription', invoice.subscription ?? '');
  if (subscription === undefined || subscription.ended_at !== null) return;
  const status = statusAfter(world, subscription, invoice, outcome);
  if (status === subscription.status) return;
  if (status === 'canceled') {
    endSubscription(world, subscription, 'payment_failed');
    return;
  }
  const changed: Subscription = { ...subscription, status };
  world.state.put('subscription', changed);
  emit(world, 'customer.subscription.updated', shown(world, changed));
}

function statusAfter(
  { state, settings }: World,
  { id, status }: Subscription,
  invoice: Invoice,
  outcome: 'paid' | 'failed' | 'gave-up',
): Subscription['status'] {
  if (outcome === 'gave-up') return settings.afterRetries;
  // The first invoice of a subscription that never ran leaves it incomplete.
  if (outcome === 'failed') return status === 'incomplete' ? status : status === 'unpaid' ? status : 'past_due';
  const isOwing = state
    .all('invoice')
    .some(
      (other) => other.subscription === id && other.id !== invoice.id && other.status === 'open' && other.attempted,
    );
  return isOwing ? status : 'active';
}
