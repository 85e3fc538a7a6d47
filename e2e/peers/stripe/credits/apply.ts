import type { Invoice, InvoiceLine, PretaxCredit } from '../invoices/records.ts';
import type { World } from '../world.ts';
import { balanceOf, move } from './balance.ts';
import type { CreditGrant } from './records.ts';

/**
 * Takes grants off an invoice that is being finalised: only off metered lines, in the order of priority, expiry, category,
 * age (https://docs.stripe.com/billing/subscriptions/usage-based/billing-credits).
 */
export function applyGrants(world: World, invoice: Invoice, at: number): Invoice {
  const left = new Map(grantsFor(world, invoice, at).map((grant) => [grant, balanceOf(world, grant)]));
  const lines = invoice.lines.map((line) => {
    const credits: PretaxCredit[] = [];
    let open = Math.max(0, line.amount);
    for (const [grant, balance] of left) {
      const used = Math.min(open, balance);
      if (used === 0 || !covers(world, grant, line)) continue;
      const { id } = move(world, grant, 'debit', 'credits_applied', used, invoice.id);
      credits.push({ amount: used, credit_balance_transaction: id, type: 'credit_balance_transaction' });
      left.set(grant, balance - used);
      open -= used;
    }
    return { ...line, pretax_credit_amounts: credits };
  });
  return { ...invoice, lines, total_pretax_credit_amounts: lines.flatMap((line) => line.pretax_credit_amounts) };
}

/** Gives back what a voided invoice had taken. */
export function returnGrants(world: World, invoice: Invoice): void {
  for (const { amount, credit_balance_transaction } of invoice.total_pretax_credit_amounts) {
    const taken = world.state.get('credit_transaction', credit_balance_transaction);
    const grant = world.state.get('credit_grant', taken?.credit_grant ?? '');
    if (grant !== undefined) move(world, grant, 'credit', 'credits_application_invoice_voided', amount, invoice.id);
  }
}

function grantsFor({ state }: World, { customer, currency }: Invoice, at: number): readonly CreditGrant[] {
  return state
    .all('credit_grant')
    .filter((grant) => {
      if (grant.customer !== customer || grant.amount.monetary.currency !== currency || grant.voided_at !== null)
        return false;
      return (grant.effective_at ?? grant.created) <= at && (grant.expires_at ?? Infinity) > at;
    })
    .toSorted(byUse);
}

function byUse(a: CreditGrant, b: CreditGrant): number {
  const expiry = (a.expires_at ?? Infinity) - (b.expires_at ?? Infinity);
  const byExpiry = Number.isNaN(expiry) ? 0 : expiry;
  const category = Number(a.category === 'paid') - Number(b.category === 'paid');
  return a.priority - b.priority || byExpiry || category || a.created - b.created;
}

function covers({ state }: World, grant: CreditGrant, { pricing }: InvoiceLine): boolean {
  const price = state.get('price', pricing?.price_details.price ?? '');
  if (price?.recurring?.usage_type !== 'metered') return false;
  const { prices } = grant.applicability_config.scope;
  return prices === undefined || prices.some(({ id }) => id === price.id);
}
