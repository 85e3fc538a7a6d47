import { pays } from '../catalog/payment-methods.ts';
import { standing } from '../subscriptions/standing.ts';
import { emit } from '../webhooks/emit.ts';
import { now, type World } from '../world.ts';
import type { Invoice } from './records.ts';
import { shown } from './show.ts';

const daySeconds = 86_400;

/** Charges an open invoice: paid, or tried again after some days while days are left. */
export function attempt(world: World, invoice: Invoice): Invoice {
  const method = methodFor(world, invoice);
  const attempt_count = invoice.attempt_count + 1;
  if (method !== null && pays(world, method)) return settled(world, { ...invoice, attempt_count, attempted: true });
  const wait = world.settings.paymentRetryDays[attempt_count - 1];
  const next = wait === undefined ? null : now(world, invoice.test_clock) + wait * daySeconds;
  const failed: Invoice = { ...invoice, attempt_count, attempted: true, next_payment_attempt: next };
  world.state.put('invoice', failed);
  if (next !== null) world.timers.set('invoice-payment', invoice.id, next, invoice.test_clock);
  emit(world, 'invoice.payment_failed', shown(world, failed));
  standing(world, failed, next === null ? 'gave-up' : 'failed');
  return failed;
}

/** Marks an invoice as paid by `paid` minor units, all that remains when not said. */
export function settled(world: World, invoice: Invoice, paid = invoice.amount_remaining): Invoice {
  const at = now(world, invoice.test_clock);
  const done: Invoice = {
    ...invoice,
    amount_paid: invoice.amount_paid + paid,
    amount_remaining: 0,
    attempted: true,
    next_payment_attempt: null,
    status: 'paid',
    status_transitions: { ...invoice.status_transitions, paid_at: at },
  };
  world.timers.clear('invoice-payment', invoice.id);
  world.timers.clear('invoice-overdue', invoice.id);
  world.state.put('invoice', done);
  emit(world, 'invoice.paid', shown(world, done));
  standing(world, done, 'paid');
  return done;
}

/** The due date of a sent invoice has passed. */
export function overdue(world: World, id: string): void {
  const invoice = world.state.get('invoice', id);
  if (invoice?.status !== 'open') return;
  emit(world, 'invoice.overdue', shown(world, invoice));
  standing(world, invoice, 'failed');
}

/** The payment method that is charged: the invoice's, the subscription's, the customer's. */
export function methodFor({ state }: World, invoice: Invoice): string | null {
  const subscription = state.get('subscription', invoice.subscription ?? '');
  const customer = state.get('customer', invoice.customer);
  const own = invoice.default_payment_method ?? subscription?.default_payment_method ?? null;
  return own ?? customer?.invoice_settings.default_payment_method ?? null;
}
