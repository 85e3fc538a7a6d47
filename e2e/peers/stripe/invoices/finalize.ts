import { applyGrants } from '../credits/apply.ts';
import { conflict } from '../http/refusal.ts';
import { emit } from '../webhooks/emit.ts';
import { now, type World } from '../world.ts';
import { refreshed, totalled } from './build.ts';
import { attempt, settled } from './payment.ts';
import type { Invoice } from './records.ts';
import { shown } from './show.ts';

const daySeconds = 86_400;

/**
 * Closes a draft: usage is read for the last time, credit grants are applied (only here, so that spending can pass their
 * balance), a negative total moves to the customer's balance, and what is left is charged.
 */
export function finalize(world: World, id: string): Invoice {
  const { state, timers } = world;
  const before = state.get('invoice', id);
  if (before?.status !== 'draft') throw conflict('This invoice is not a draft and cannot be finalized.');
  const fresh = refreshed(world, before);
  const at = now(world, fresh.test_clock);
  const customer = state.get('customer', fresh.customer);
  const starting_balance = customer?.balance ?? 0;
  const credited = totalled({ ...applyGrants(world, fresh, at), starting_balance });
  const ending_balance = Math.min(credited.total + starting_balance, 0);
  const due = credited.collection_method === 'send_invoice' ? at + (credited.days_until_due ?? 30) * daySeconds : null;
  const invoice: Invoice = {
    ...credited,
    automatically_finalizes_at: null,
    due_date: due,
    ending_balance,
    number: `PEER-${String(state.all('invoice').filter(({ number }) => number !== null).length + 1).padStart(4, '0')}`,
    status: 'open',
    status_transitions: { ...credited.status_transitions, finalized_at: at },
  };
  timers.clear('invoice-finalize', id);
  state.put('invoice', invoice);
  if (customer !== undefined) state.put('customer', { ...customer, balance: ending_balance });
  emit(world, 'invoice.finalized', shown(world, invoice));
  if (invoice.amount_due === 0) return settled(world, invoice, 0);
  if (due !== null) timers.set('invoice-overdue', id, due, invoice.test_clock);
  if (invoice.collection_method === 'send_invoice' || !invoice.auto_advance) return invoice;
  return attempt(world, invoice);
}
