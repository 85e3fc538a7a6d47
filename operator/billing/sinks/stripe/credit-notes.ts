import { createHash } from 'node:crypto';
import type Stripe from 'stripe';

import { type CreditNotes, type FoundItem, ItemFailed } from '../catalog.ts';
import { errors } from './sdk.ts';

const mostListed = 100;
/** What names a note of ours in its metadata; that of invoice items is the same. */
const itemField = 'gpuopt_item';

/**
 * Credit notes of an account; `pace` resolves when the next call may be made. What is still open of the invoice shrinks, the
 * rest goes to the customer's balance, from which his next invoices are paid.
 * https://docs.stripe.com/api/credit_notes/create
 */
export function stripeCreditNotes(stripe: Stripe, pace: () => Promise<void>): CreditNotes {
  return {
    findNote: async (customer, key) => {
      await pace();
      for await (const one of stripe.creditNotes.list({ customer, limit: mostListed })) {
        if (one.metadata?.[itemField] === key) return found(one);
      }
      return undefined;
    },
    makeNote: async ({ key, amount, description, failures = 0 }, invoice) => {
      await pace();
      const asks = Number(-amount);
      const { status, amount_remaining, amount_paid, post_payment_credit_notes_amount } =
        await stripe.invoices.retrieve(invoice);
      const left = amount_paid + amount_remaining - post_payment_credit_notes_amount;
      if ((status !== 'open' && status !== 'paid') || left < asks) return undefined;
      const params = {
        ...{ invoice, amount: asks, memo: description, metadata: { [itemField]: key } },
        ...(asks > amount_remaining && { credit_amount: asks - amount_remaining }),
      };
      // The parameters are in the key: a payment that comes between two tries changes them.
      const digest = createHash('sha256').update(JSON.stringify(params)).digest('hex').slice(0, 32);
      const idempotencyKey = `gpuopt-note-${digest}${failures === 0 ? '' : `-${failures}`}`;
      await pace();
      try {
        return found(await stripe.creditNotes.create(params, { idempotencyKey }));
      } catch (error) {
        const isFailure = error instanceof errors.StripeError && (error.statusCode ?? 0) >= 500;
        throw isFailure ? new ItemFailed(error.message, { cause: error }) : error;
      }
    },
  };
}

function found({ id, invoice, amount }: Stripe.CreditNote): FoundItem {
  return { item: id, amount: BigInt(-amount), invoice: typeof invoice === 'string' ? invoice : invoice.id, note: true };
}
