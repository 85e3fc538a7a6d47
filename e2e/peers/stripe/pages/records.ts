import type { Strings } from '../params/common.ts';
import type { AskedItem } from '../subscriptions/records.ts';

/** A checkout session, in Stripe's shape as far as the peer plays it. */
export interface CheckoutSession {
  readonly id: string;
  readonly object: 'checkout.session';
  readonly amount_total: number | null;
  readonly cancel_url: string | null;
  readonly client_reference_id: string | null;
  readonly created: number;
  readonly currency: string | null;
  readonly customer: string | null;
  readonly customer_email: string | null;
  readonly expires_at: number;
  readonly livemode: false;
  readonly metadata: Strings;
  readonly mode: 'setup' | 'subscription';
  readonly payment_status: 'paid' | 'unpaid' | 'no_payment_required';
  readonly status: 'open' | 'complete' | 'expired';
  readonly subscription: string | null;
  readonly success_url: string;
  readonly url: string | null;
  /** What completing it makes. Not shown. */
  readonly plan: { readonly items: readonly AskedItem[]; readonly metadata?: Strings | null };
}

/** What the billing portal lets customers do. */
export interface PortalConfiguration {
  readonly id: string;
  readonly object: 'billing_portal.configuration';
  readonly active: boolean;
  readonly created: number;
  readonly default_return_url: string | null;
  readonly features: object;
  readonly is_default: boolean;
  readonly livemode: false;
  readonly metadata: Strings;
  readonly updated: number;
}

/** A coupon, which cancellation flows offer; the peer takes nothing off invoices for it. */
export interface Coupon {
  readonly id: string;
  readonly object: 'coupon';
  readonly amount_off: number | null;
  readonly created: number;
  readonly currency: string | null;
  readonly duration: 'forever' | 'once' | 'repeating';
  readonly duration_in_months: number | null;
  readonly livemode: false;
  readonly metadata: Strings;
  readonly name: string | null;
  readonly percent_off: number | null;
  readonly valid: true;
}
