/** Something that happens by itself at a time. The id is derived, so that setting it again moves it. */
export interface Timer {
  readonly id: string;
  readonly kind: TimerKind;
  /** The object that it is about. */
  readonly subject: string;
  /** Unix seconds on its clock. */
  readonly at: number;
  /** Id of a test clock; '' for the peer's own. */
  readonly clock: string;
}

/** What happens by itself. */
export type TimerKind =
  | 'validate-events'
  | 'subscription-period'
  | 'invoice-finalize'
  | 'invoice-payment'
  | 'invoice-overdue'
  | 'grant-effective'
  | 'grant-expiry'
  | 'checkout-expiry';

/** Stripe's test clock. */
export interface TestClock {
  readonly id: string;
  readonly object: 'test_helpers.test_clock';
  readonly created: number;
  readonly deletes_after: number;
  readonly frozen_time: number;
  readonly livemode: false;
  readonly name: string | null;
  readonly status: 'ready' | 'advancing';
  readonly status_details: { readonly advancing?: { readonly target_frozen_time: number } };
}
