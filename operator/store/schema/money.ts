import type { ColumnType } from 'kysely';

import type { Decimal, Integer, Time } from './control.ts';

/** A version of a price list, kept for ever: bills rest on it. */
export interface PriceBookTable {
  readonly book: string;
  readonly version: number;
  readonly currency: string;
  readonly effective_from: Time;
  /** Name of the PriceBook that stated it. */
  readonly object: string;
  /** SHA-256 of what it says: a second statement must be the same. */
  readonly digest: string;
  /** How unused time is divided, as price-book writes it; null where the list does not say. */
  readonly idle: ColumnType<string | null, string | null | undefined, never>;
  /** What energy stands for, as price-book writes it; null where the list does not say. */
  readonly energy: ColumnType<string | null, string | null | undefined, never>;
}

/** A price of a version. */
export interface PriceSkuTable {
  readonly book: string;
  readonly version: number;
  readonly name: string;
  readonly model: string;
  readonly profile: string;
  readonly per_hour: string;
  /** Minor units of the currency for one second of one unit, 12 decimals; of the first tier where there are tiers. */
  readonly unit_price: Decimal;
  /** The tiers as billing/rating writes them; null where the price is flat. */
  readonly tiers: ColumnType<string | null, string | null | undefined, never>;
}

/** What becomes of usage that is known only after its invoice is final. */
export type Corrections = 'NextPeriod' | 'CreditNote';

/** Who charges a tenant, by which list. */
export interface CustomerLinkTable {
  readonly tenant: string;
  readonly provider: string;
  readonly customer: string;
  readonly book: string;
  /** What the tenant's plan includes, as billing/rating writes it. */
  readonly included: ColumnType<string | null, string | null | undefined, string | null>;
  /** What becomes of usage that is known only after its invoice is final; null where it is sent like any other. */
  readonly corrections: ColumnType<Corrections | null, Corrections | null | undefined, Corrections | null>;
}

/** What a tenant is held to from a moment until his next row; without a plan, nothing. Amounts are for a month. */
export interface PlanTermTable {
  readonly tenant: string;
  readonly started_at: Time;
  readonly plan: string | null;
  readonly currency: string | null;
  /** Minor units of the currency, as the next two. */
  readonly fee: ColumnType<string | null, string | null, never>;
  readonly minimum: ColumnType<string | null, string | null, never>;
  readonly maximum: ColumnType<string | null, string | null, never>;
}

/** Whose account a provider's key belongs to. */
export interface BillingAccountTable {
  readonly provider: string;
  readonly mode: string;
  readonly account: string;
  /** Delta or HourlySnapshot. */
  readonly ingestion: ColumnType<string, string | undefined, string>;
}

/** What a usage window costs: made once, with the window where prices were known then. */
export interface ChargeTable {
  readonly usage_window_id: bigint;
  readonly tenant: string;
  readonly sku: string;
  readonly book: string;
  readonly version: number;
  readonly currency: string;
  readonly unit_price: Decimal;
  readonly quantity: Integer;
  /** Minor units of the currency, exact. */
  readonly amount: Decimal;
  /** What the month held of the SKU before; null where the price does not depend on it. */
  readonly rated_from: ColumnType<string | null, bigint | string | null | undefined, never>;
  /** What the plan included of the SKU; null where the price does not depend on the month, and in charges of before 0022. */
  readonly included: ColumnType<string | null, bigint | string | null | undefined, never>;
}

/** States of an outbox row; the transitions are in billing/outbox/decide.ts. */
export type OutboxState =
  | 'PENDING'
  | 'SENDING'
  | 'ACCEPTED'
  | 'ACCEPTED_DUP'
  | 'CONFIRMED'
  | 'UNKNOWN'
  | 'REJECTED'
  | 'HOLD'
  | 'LATE';

/** Frozen usage on its way to a provider. */
export interface OutboxTable {
  readonly id: ColumnType<bigint, never, never>;
  readonly usage_window_id: bigint;
  readonly provider: string;
  readonly identifier: string;
  readonly event_name: string;
  readonly customer: string;
  readonly event_at: Time;
  readonly quantity: Integer;
  readonly state: OutboxState;
  readonly attempts: ColumnType<number, number | undefined, number>;
  readonly first_attempt_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  readonly guard_from: ColumnType<Date | null, Date | null | undefined, Date | null>;
  readonly next_attempt_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  readonly fence: ColumnType<bigint | null, bigint | null | undefined, bigint | null>;
  readonly read_value: ColumnType<string | null, string | null | undefined, bigint | string | null>;
  readonly read_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  readonly last_error: ColumnType<string | null, string | null | undefined, string | null>;
  /** The drift that this row corrects. */
  readonly drift_id: ColumnType<bigint | null, bigint | null | undefined, never>;
  /** The rejected row whose quantity this row takes. */
  readonly replaces: ColumnType<bigint | null, bigint | null | undefined, never>;
  /** What the tenant's plan said of late usage when the row was frozen; null where that is sent like any other. */
  readonly corrections: ColumnType<Corrections | null, Corrections | null | undefined, never>;
}

/** What a person corrected, under the name of the UsageCorrection that said so. */
export interface UsageCorrectionTable {
  readonly name: string;
  readonly tenant: string;
  readonly sku: string;
  readonly window_start: Time;
  /** GPU-seconds, signed. */
  readonly quantity: Integer;
  readonly held: 'Recorded' | 'Send' | null;
  readonly reason: string;
  readonly approved_by: string;
  /** The revision that states it; null where no usage was changed. */
  readonly usage_window_id: bigint | null;
  readonly applied_at: Time;
}

/** A window that is not charged yet: what it costs or who pays was not known when it was sealed. */
export interface UnfrozenWindowTable {
  readonly usage_window_id: bigint;
  readonly tenant: string;
  readonly model: string;
  readonly profile: string;
  readonly window_start: Time;
}

/** The number of the last batch of usage that left; none is 0. */
export interface SentBatchTable {
  readonly one: ColumnType<boolean, boolean | undefined, never>;
  readonly number: bigint;
}

/** Credit of a tenant; what billing/credit makes of it. */
export interface CreditLotTable {
  /** Of the CreditGrant that gave it. */
  readonly name: string;
  readonly tenant: string;
  readonly currency: string;
  /** Minor units of the currency, as the next two. */
  readonly amount: Decimal;
  readonly drawn: ColumnType<string, string | undefined, string>;
  readonly lapsed: ColumnType<string, string | undefined, string>;
  readonly priority: number;
  readonly granted_at: Time;
  readonly expires_at: ColumnType<Date | null, Date | null, never>;
  /** How often the journal has followed it. */
  readonly steps: ColumnType<number, number | undefined, number>;
}

/** Which arm of a price experiment a tenant has; without one he takes no part. */
export interface ExperimentAssignmentTable {
  readonly experiment_uid: string;
  readonly tenant_uid: string;
  readonly experiment: string;
  readonly tenant: string;
  readonly arm: string | null;
  readonly book: string | null;
  readonly assigned_at: Time;
}

/** What a month holds besides usage, on its way to the provider. */
export interface InvoiceItemTable {
  /** Names it here and at the provider. */
  readonly key: string;
  readonly tenant: string;
  readonly month_end: Time;
  readonly kind: string;
  readonly currency: string;
  /** Whole minor units, signed. */
  readonly amount: Integer;
  readonly provider: string;
  readonly customer: string;
  /** The id of what was made; null until then. */
  readonly item: ColumnType<string | null, string | null | undefined, string | null>;
  /** The invoice on which it was put; null where it waited for the next. */
  readonly invoice: ColumnType<string | null, string | null | undefined, string | null>;
  readonly sent_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  readonly form: ColumnType<'InvoiceItem' | 'CreditNote', 'InvoiceItem' | 'CreditNote' | undefined>;
}

/** Whom a provider's invoice items go to. */
export interface ItemPayerTable {
  readonly provider: string;
  readonly tenant: string;
  readonly customer: string;
  readonly subscription: ColumnType<string | null, string | null, string | null>;
}

/** Tables of billing. */
export interface MoneySchema {
  readonly price_book: PriceBookTable;
  readonly price_sku: PriceSkuTable;
  readonly customer_link: CustomerLinkTable;
  readonly plan_term: PlanTermTable;
  readonly billing_account: BillingAccountTable;
  readonly invoice_item: InvoiceItemTable;
  readonly item_payer: ItemPayerTable;
  readonly experiment_assignment: ExperimentAssignmentTable;
  readonly charge: ChargeTable;
  readonly outbox: OutboxTable;
  readonly sent_batch: SentBatchTable;
  readonly unfrozen_window: UnfrozenWindowTable;
  readonly usage_correction: UsageCorrectionTable;
  readonly credit_lot: CreditLotTable;
}
