import type { Strings } from '../params/common.ts';

/** A customer, in Stripe's shape as far as the peer plays it. */
export interface Customer {
  readonly id: string;
  readonly object: 'customer';
  /** What is added to the next invoice, negative for credit, in minor units. */
  readonly balance: number;
  readonly created: number;
  readonly currency: string | null;
  readonly deleted?: true;
  readonly description: string | null;
  readonly email: string | null;
  readonly invoice_settings: { readonly default_payment_method: string | null };
  readonly livemode: false;
  readonly metadata: Strings;
  readonly name: string | null;
  readonly test_clock: string | null;
}

/** A card of a customer. */
export interface PaymentMethod {
  readonly id: string;
  readonly object: 'payment_method';
  readonly card: { readonly brand: string; readonly last4: string };
  readonly created: number;
  readonly customer: string | null;
  readonly livemode: false;
  readonly metadata: Strings;
  readonly type: 'card';
}

/** What is sold. */
export interface Product {
  readonly id: string;
  readonly object: 'product';
  readonly active: boolean;
  readonly created: number;
  readonly default_price: string | null;
  readonly description: string | null;
  readonly livemode: false;
  readonly metadata: Strings;
  readonly name: string;
  readonly unit_label: string | null;
  readonly updated: number;
}

/** A step of a price; amounts are minor units, decimal ones in text. */
export interface Tier {
  readonly flat_amount: number | null;
  readonly flat_amount_decimal: string | null;
  readonly unit_amount: number | null;
  readonly unit_amount_decimal: string | null;
  /** The last unit of the step; null for all others. */
  readonly up_to: number | null;
}

/** A price. */
export interface Price {
  readonly id: string;
  readonly object: 'price';
  readonly active: boolean;
  readonly billing_scheme: 'per_unit' | 'tiered';
  readonly created: number;
  readonly currency: string;
  readonly livemode: false;
  readonly lookup_key: string | null;
  readonly metadata: Strings;
  readonly nickname: string | null;
  readonly product: string;
  readonly recurring: Recurring | null;
  readonly tiers?: readonly Tier[];
  readonly tiers_mode: 'graduated' | 'volume' | null;
  readonly transform_quantity: null;
  readonly type: 'one_time' | 'recurring';
  readonly unit_amount: number | null;
  readonly unit_amount_decimal: string | null;
}

/** How often a price is charged, and by which meter. */
export interface Recurring {
  readonly interval: 'day' | 'week' | 'month' | 'year';
  readonly interval_count: number;
  readonly meter: string | null;
  readonly trial_period_days: null;
  readonly usage_type: 'licensed' | 'metered';
}
