import type { Strings } from '../params/common.ts';

/** A subscription, in Stripe's shape as far as the peer plays it. */
export interface Subscription {
  readonly id: string;
  readonly object: 'subscription';
  readonly billing_cycle_anchor: number;
  readonly billing_mode: { readonly type: 'flexible' };
  readonly cancel_at: number | null;
  readonly cancel_at_period_end: boolean;
  readonly canceled_at: number | null;
  readonly cancellation_details: {
    readonly comment: string | null;
    readonly feedback: null;
    readonly reason: string | null;
  };
  readonly collection_method: 'charge_automatically' | 'send_invoice';
  readonly created: number;
  readonly currency: string;
  readonly customer: string;
  readonly days_until_due: number | null;
  readonly default_payment_method: string | null;
  readonly description: string | null;
  readonly ended_at: number | null;
  /** Shown as a list object. */
  readonly items: readonly SubscriptionItem[];
  readonly latest_invoice: string | null;
  readonly livemode: false;
  readonly metadata: Strings;
  readonly start_date: number;
  readonly status: 'incomplete' | 'active' | 'past_due' | 'unpaid' | 'canceled';
  readonly test_clock: string | null;
}

/** A price within a subscription. */
export interface SubscriptionItem {
  readonly id: string;
  readonly created: number;
  readonly current_period_end: number;
  readonly current_period_start: number;
  readonly metadata: Strings;
  /** Id of the price; shown as the object. */
  readonly price: string;
  /** Absent for metered prices. */
  readonly quantity?: number;
  /** Usage counts from here: the period's start, or later for an item that was added within it. Not shown. */
  readonly usage_from: number;
}

/** An item as it was asked for. */
export interface AskedItem {
  readonly price: string;
  readonly quantity?: number;
  readonly metadata?: Strings | null;
}
