import type { Strings } from '../params/common.ts';

/** A credit grant, in Stripe's shape. */
export interface CreditGrant {
  readonly id: string;
  readonly object: 'billing.credit_grant';
  readonly amount: {
    readonly type: 'monetary';
    readonly monetary: { readonly currency: string; readonly value: number };
  };
  readonly applicability_config: {
    readonly scope: { readonly price_type?: 'metered'; readonly prices?: readonly { readonly id: string }[] };
  };
  readonly category: 'paid' | 'promotional';
  readonly created: number;
  readonly customer: string;
  readonly effective_at: number | null;
  readonly expires_at: number | null;
  readonly livemode: false;
  readonly metadata: Strings;
  readonly name: string | null;
  readonly priority: number;
  readonly test_clock: string | null;
  readonly updated: number;
  readonly voided_at: number | null;
}

/** A movement of a grant's balance. */
export interface CreditTransaction {
  readonly id: string;
  readonly object: 'billing.credit_balance_transaction';
  readonly created: number;
  /** Adds to the balance or takes from it. */
  readonly type: 'credit' | 'debit';
  readonly reason:
    | 'credits_granted'
    | 'credits_applied'
    | 'credits_expired'
    | 'credits_voided'
    | 'credits_application_invoice_voided';
  readonly amount: { readonly currency: string; readonly value: number };
  readonly credit_grant: string;
  readonly customer: string;
  readonly invoice: string | null;
  readonly test_clock: string | null;
}
