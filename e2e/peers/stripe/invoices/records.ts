import type { Strings } from '../params/common.ts';

/** A stretch of time, unix seconds, half-open. */
export interface Period {
  readonly start: number;
  readonly end: number;
}

/** One line of an invoice, in Stripe's shape as far as the peer plays it. */
export interface InvoiceLine {
  readonly id: string;
  readonly object: 'line_item';
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly description: string | null;
  readonly discountable: boolean;
  readonly livemode: false;
  readonly metadata: Strings;
  readonly parent: {
    readonly type: 'invoice_item_details' | 'subscription_item_details';
    readonly invoice_item_details: {
      readonly invoice_item: string;
      readonly proration: boolean;
      readonly subscription: string | null;
    } | null;
    readonly subscription_item_details: {
      readonly proration: boolean;
      readonly subscription: string;
      readonly subscription_item: string;
    } | null;
  };
  readonly period: Period;
  readonly pretax_credit_amounts: readonly PretaxCredit[];
  readonly pricing: {
    readonly type: 'price_details';
    readonly price_details: { readonly price: string; readonly product: string };
    readonly unit_amount_decimal: string | null;
  } | null;
  readonly quantity: number | null;
  readonly subtotal: number;
}

/** What a credit grant took off. */
export interface PretaxCredit {
  readonly amount: number;
  readonly credit_balance_transaction: string;
  readonly type: 'credit_balance_transaction';
}

/** Usage that a draft bills, by the price that held then; read anew until it is finalised. Not shown. */
export interface BilledUsage {
  readonly item: string;
  readonly price: string;
  readonly period: Period;
}

/** An invoice, in Stripe's shape as far as the peer plays it. */
export interface Invoice {
  readonly id: string;
  readonly object: 'invoice';
  readonly amount_due: number;
  readonly amount_paid: number;
  readonly amount_remaining: number;
  readonly attempt_count: number;
  readonly attempted: boolean;
  readonly auto_advance: boolean;
  readonly automatically_finalizes_at: number | null;
  readonly billing_reason: 'manual' | 'subscription_create' | 'subscription_cycle' | 'subscription_update' | 'upcoming';
  readonly collection_method: 'charge_automatically' | 'send_invoice';
  readonly created: number;
  readonly currency: string;
  readonly customer: string;
  readonly customer_email: string | null;
  readonly customer_name: string | null;
  readonly days_until_due: number | null;
  readonly default_payment_method: string | null;
  readonly description: string | null;
  readonly due_date: number | null;
  readonly ending_balance: number | null;
  /** Shown as a list object. */
  readonly lines: readonly InvoiceLine[];
  readonly livemode: false;
  readonly metadata: Strings;
  readonly next_payment_attempt: number | null;
  readonly number: string | null;
  readonly period_end: number;
  readonly period_start: number;
  readonly post_payment_credit_notes_amount: number;
  readonly pre_payment_credit_notes_amount: number;
  readonly starting_balance: number;
  readonly status: 'draft' | 'open' | 'paid' | 'uncollectible' | 'void';
  readonly status_transitions: {
    readonly finalized_at: number | null;
    readonly marked_uncollectible_at: number | null;
    readonly paid_at: number | null;
    readonly voided_at: number | null;
  };
  /** Shown under `parent.subscription_details`. */
  readonly subscription: string | null;
  readonly subtotal: number;
  readonly test_clock: string | null;
  readonly total: number;
  readonly total_pretax_credit_amounts: readonly PretaxCredit[];
  readonly usage: readonly BilledUsage[];
}

/** An amount that waits for an invoice. */
export interface InvoiceItem {
  readonly id: string;
  readonly object: 'invoiceitem';
  readonly amount: number;
  readonly currency: string;
  readonly customer: string;
  readonly date: number;
  readonly description: string | null;
  readonly discountable: boolean;
  readonly invoice: string | null;
  readonly livemode: false;
  readonly metadata: Strings;
  readonly period: Period;
  readonly pricing: InvoiceLine['pricing'];
  readonly proration: boolean;
  readonly quantity: number;
  readonly subscription: string | null;
  readonly test_clock: string | null;
}

/** A credit note. */
export interface CreditNote {
  readonly id: string;
  readonly object: 'credit_note';
  readonly amount: number;
  readonly created: number;
  readonly currency: string;
  readonly customer: string;
  readonly invoice: string;
  readonly livemode: false;
  readonly memo: string | null;
  readonly metadata: Strings;
  readonly number: string;
  readonly out_of_band_amount: number | null;
  readonly post_payment_amount: number;
  readonly pre_payment_amount: number;
  readonly reason: string | null;
  readonly status: 'issued' | 'void';
  readonly subtotal: number;
  readonly total: number;
  readonly type: 'pre_payment' | 'post_payment' | 'mixed';
  readonly voided_at: number | null;
}
