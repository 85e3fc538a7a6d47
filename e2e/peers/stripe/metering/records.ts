import type { Strings } from '../params/common.ts';

/** A meter, in Stripe's shape (`Stripe.Billing.Meter` of stripe 23). */
export interface Meter {
  readonly id: string;
  readonly object: 'billing.meter';
  readonly created: number;
  readonly customer_mapping: { readonly event_payload_key: string; readonly type: 'by_id' };
  readonly default_aggregation: { readonly formula: 'sum' | 'count' | 'last' };
  readonly display_name: string;
  readonly event_name: string;
  readonly event_time_window: 'day' | 'hour' | null;
  readonly livemode: false;
  readonly status: 'active' | 'inactive';
  readonly status_transitions: { readonly deactivated_at: number | null };
  readonly updated: number;
  readonly value_settings: { readonly event_payload_key: string };
}

/** A meter event that was taken; what it counts for is known once it has been checked. */
export interface MeterEvent {
  readonly id: string;
  readonly identifier: string;
  readonly event_name: string;
  readonly payload: Strings;
  readonly timestamp: number;
  /** When the peer took it, in seconds. */
  readonly received: number;
  /** When it is checked. */
  readonly checked_at: number;
  readonly via: 'v1' | 'v2' | 'stream';
  readonly state: 'pending' | 'counted' | 'rejected';
  /** Why it counts for nothing although it was taken. */
  readonly rejected?: string;
  /** A fault of the plan: reject it with this code, whatever it says. */
  readonly forced?: string;
  readonly voided: boolean;
  /** Known once it was checked; '' before. */
  readonly meter: string;
  readonly customer: string;
  /** A whole number, as text. */
  readonly value: string;
}

/** A session of the v2 stream: its token opens the stream for 15 minutes. */
export interface MeterSession {
  /** The token. */
  readonly id: string;
  readonly expires: number;
}
