import { createHash } from 'node:crypto';
import type Stripe from 'stripe';

import { type FoundItem, type InvoiceItems, ItemFailed } from '../catalog.ts';
import { errors } from './sdk.ts';

const mostListed = 100;
/** What names an item of ours in the metadata of what was made. */
const itemField = 'gpuopt_item';
const daySeconds = 86_400;

/** Invoice items of an account; `pace` resolves when the next call may be made. */
export function stripeInvoiceItems(stripe: Stripe, pace: () => Promise<void>): InvoiceItems {
  return {
    draftInvoice: async (customer, subscription, periodEnd) => {
      await pace();
      const drafts = await stripe.invoices.list({ customer, subscription, status: 'draft', limit: mostListed });
      // What bills a period at its end; invoices that somebody makes by hand are nobody's month.
      const ofPeriod = drafts.data.find(
        ({ billing_reason, period_end }) => billing_reason === 'subscription_cycle' && period_end * 1000 === periodEnd,
      );
      return ofPeriod?.id;
    },
    findItem: async (customer, key, after) => {
      await pace();
      for await (const one of stripe.invoiceItems.list({ customer, limit: mostListed })) {
        if (one.metadata?.[itemField] === key) return found(one);
        // Newest first, and no item is older than the end of its month.
        if (one.date < after / 1000 - daySeconds) return undefined;
      }
      return undefined;
    },
    makeItem: async ({ key, customer, amount, currency, description, period, failures = 0 }, invoice) => {
      await pace();
      const params = {
        ...{ customer, amount: Number(amount), currency, description, metadata: { [itemField]: key } },
        period: { start: period.start / 1000, end: period.end / 1000 },
        ...(invoice !== undefined && { invoice }),
      };
      // The parameters are in the key: the same key never goes with others, which Stripe refuses.
      const digest = createHash('sha256').update(JSON.stringify(params)).digest('hex').slice(0, 32);
      const idempotencyKey = `gpuopt-item-${digest}${failures === 0 ? '' : `-${failures}`}`;
      try {
        return found(await stripe.invoiceItems.create(params, { idempotencyKey }));
      } catch (error) {
        // Stripe keeps such an answer with the key, and gives it again for a day.
        const isFailure = error instanceof errors.StripeError && (error.statusCode ?? 0) >= 500;
        throw isFailure ? new ItemFailed(error.message, { cause: error }) : error;
      }
    },
  };
}

function found({ id, invoice, amount }: Stripe.InvoiceItem): FoundItem {
  const on = typeof invoice === 'string' ? invoice : invoice?.id;
  return { item: id, amount: BigInt(amount), ...(on !== undefined && { invoice: on }) };
}
