/** Whom the payment provider shows its pages to. */
export interface PageCustomer {
  /** Name of the BillingProvider. */
  readonly provider: string;
  readonly customer: string;
}

/** Pages of payment providers; each method answers the page's address, and throws when the provider does not make one. */
export interface PaymentPages {
  /** A page on which the customer leaves a way to pay. */
  checkout(who: PageCustomer, urls: { readonly successUrl: string; readonly cancelUrl: string }): Promise<string>;
  /** A page on which the customer sees its invoices and changes its way to pay. */
  billingPortal(who: PageCustomer, urls: { readonly returnUrl: string }): Promise<string>;
}
