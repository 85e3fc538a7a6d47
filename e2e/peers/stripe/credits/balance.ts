import type { Shown } from '../exchange.ts';
import { emit } from '../webhooks/emit.ts';
import { now, type World } from '../world.ts';
import type { CreditGrant, CreditTransaction } from './records.ts';

/** What is left of a grant, in minor units. */
export function balanceOf({ state }: World, grant: CreditGrant): number {
  return state.all('credit_transaction').reduce((sum, { credit_grant, type, amount }) => {
    if (credit_grant !== grant.id) return sum;
    return type === 'credit' ? sum + amount.value : sum - amount.value;
  }, 0);
}

/** Moves a grant's balance. */
export function move(
  world: World,
  grant: CreditGrant,
  type: CreditTransaction['type'],
  reason: CreditTransaction['reason'],
  value: number,
  invoice: string | null = null,
): CreditTransaction {
  const transaction: CreditTransaction = {
    id: world.state.id('cbtxn_test'),
    object: 'billing.credit_balance_transaction',
    created: now(world, grant.test_clock),
    type,
    reason,
    amount: { currency: grant.amount.monetary.currency, value },
    credit_grant: grant.id,
    customer: grant.customer,
    invoice,
    test_clock: grant.test_clock,
  };
  world.state.put('credit_transaction', transaction);
  emit(world, 'billing.credit_balance_transaction.created', shownTransaction(transaction));
  return transaction;
}

/** A movement as Stripe answers it: the side that it is of is filled, the other null. */
export function shownTransaction(one: CreditTransaction): Shown {
  const { type, reason, amount, invoice, customer: _customer, ...rest } = one;
  const side = { type: reason, amount: { type: 'monetary', monetary: amount } };
  return {
    ...rest,
    ...{ type, effective_at: rest.created, livemode: false },
    credit: type === 'credit' ? { ...side, credits_application_invoice_voided: voided(one) } : null,
    debit: type === 'debit' ? { ...side, credits_applied: invoice === null ? null : { invoice } } : null,
  };
}

function voided({ reason, invoice }: CreditTransaction): object | null {
  return reason === 'credits_application_invoice_voided' ? { invoice } : null;
}
