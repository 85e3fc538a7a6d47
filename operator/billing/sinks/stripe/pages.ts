import { connect, type StripeConnection } from './sdk.ts';

/** Stripe's pages for a customer; each method answers the page's address and throws what the SDK throws. */
export interface StripePages {
  /** Checkout in setup mode: the customer leaves a way to pay, and nothing is charged. */
  checkout(customer: string, urls: { readonly successUrl: string; readonly cancelUrl: string }): Promise<string>;
  /** The billing portal: invoices and ways to pay. */
  billingPortal(customer: string, urls: { readonly returnUrl: string }): Promise<string>;
}

/** Pages of the account that the key belongs to. Each call makes a new page: a page is good for one visit. */
export function stripePages(connection: StripeConnection): StripePages {
  const stripe = connect(connection);
  return {
    checkout: async (customer, { successUrl, cancelUrl }) => {
      const { url } = await stripe.checkout.sessions.create({
        mode: 'setup',
        customer,
        success_url: successUrl,
        cancel_url: cancelUrl,
      });
      if (url === null) throw new TypeError('Stripe made a checkout session without an address');
      return url;
    },
    billingPortal: async (customer, { returnUrl }) => {
      const { url } = await stripe.billingPortal.sessions.create({ customer, return_url: returnUrl });
      return url;
    },
  };
}
