import type { ColumnType } from 'kysely';

import type { Integer, Time } from './control.ts';

type OptionalTime = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
type OptionalText = ColumnType<string | null, string | null | undefined, string | null>;

/** An event of a provider, once, however often it was sent. */
export interface WebhookInboxTable {
  readonly provider: string;
  readonly event: string;
  readonly type: string;
  readonly object_type: OptionalText;
  readonly object_id: OptionalText;
  /** When it happened, by the provider's clock. */
  readonly created_at: Time;
  readonly received_at: Time;
  readonly state: 'RECEIVED' | 'DONE';
  readonly attempts: ColumnType<number, number | undefined, number>;
  readonly next_attempt_at: OptionalTime;
  readonly done_at: OptionalTime;
  readonly last_error: OptionalText;
}

/** An invoice as it was read last; amounts in minor units. */
export interface InvoiceMirrorTable {
  readonly provider: string;
  readonly invoice: string;
  readonly customer: string;
  readonly subscription: string | null;
  readonly number: string | null;
  readonly status: string;
  readonly currency: string;
  readonly total: Integer;
  readonly amount_due: Integer;
  readonly amount_paid: Integer;
  readonly amount_remaining: Integer;
  /** What credit notes took off it; `total` is without them. */
  readonly credited: ColumnType<string, bigint | string | undefined, bigint | string>;
  readonly period_start: Time;
  readonly period_end: Time;
  /** When a draft closes. */
  readonly finalizes_at: OptionalTime;
  readonly read_at: Time;
}

/** A subscription as it was read last. */
export interface SubscriptionMirrorTable {
  readonly provider: string;
  readonly subscription: string;
  readonly customer: string;
  readonly status: string;
  readonly period_start: OptionalTime;
  readonly period_end: OptionalTime;
  readonly cancel_at: OptionalTime;
  readonly ended_at: OptionalTime;
  readonly read_at: Time;
}

/** A usage event that the provider took and does not count. */
export interface UsageRejectionTable {
  readonly provider: string;
  readonly identifier: string;
  readonly code: string;
  readonly message: string;
  /** The event that reported it. */
  readonly event: string;
  readonly reported_at: Time;
}

/** Tables of what providers report. */
export interface WebhookSchema {
  readonly webhook_inbox: WebhookInboxTable;
  readonly invoice_mirror: InvoiceMirrorTable;
  readonly subscription_mirror: SubscriptionMirrorTable;
  readonly usage_rejection: UsageRejectionTable;
}
