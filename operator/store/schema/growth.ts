import type { ColumnType, Generated } from 'kysely';

/** A time column: read as a Date, written as a Date. */
type Time = ColumnType<Date, Date, Date>;

/** A secret that signs unsubscribe tokens and hashes suppressed addresses. */
export interface GrowthKeyTable {
  readonly id: string;
  readonly secret: string;
  readonly created_at: Time;
}

/** A person who may be written to if consent and suppression allow it. */
export interface GrowthContactTable {
  readonly id: string;
  readonly namespace: string;
  readonly email: string;
  /** The address in lower case. */
  readonly email_key: string;
  /** The keyed hash that suppression knows it by. */
  readonly email_hash: string;
  readonly name: string;
  /** The run and step that brought the contact, so that a repeated import counts the same. */
  readonly first_run: string;
  readonly first_step: string;
  readonly created_at: Time;
}

/** One grant or withdrawal of consent; never changed. */
export interface GrowthConsentEventTable {
  readonly id: Generated<string>;
  readonly contact_id: string;
  readonly topic: string;
  readonly kind: 'granted' | 'withdrawn';
  readonly source: string;
  readonly occurred_at: Time;
  readonly recorded_at: Time;
}

/** An address, as a keyed hash, that must not be written to; topic `*` is every topic. */
export interface GrowthSuppressionTable {
  readonly namespace: string;
  readonly email_hash: string;
  readonly topic: string;
  readonly reason: string;
  readonly created_at: Time;
}

/** Which period a Kubernetes Job is for. */
export interface GrowthJobTable {
  readonly job_uid: string;
  readonly job_name: string;
  readonly namespace: string;
  readonly campaign_uid: string;
  readonly period: string;
  readonly scheduled_for: Time;
  readonly registered_at: Time;
}

/** The run of one campaign in one period, with the lease of the attempt that works on it. */
export interface GrowthRunTable {
  readonly id: string;
  readonly namespace: string;
  readonly campaign: string;
  readonly campaign_uid: string;
  readonly period: string;
  readonly attempt: number;
  readonly claimant: string;
  readonly lease_until: Time;
  /** Null while the period is not done; a failed attempt leaves failure_code and can be resumed. */
  readonly outcome: 'Succeeded' | null;
  readonly failure_code: string | null;
  readonly message: string | null;
  readonly job_name: string;
  readonly config_hash: string;
  readonly started_at: Time;
  readonly finished_at: Time | null;
}

/** A finished step of a run. */
export interface GrowthStepTable {
  readonly run_id: string;
  readonly name: string;
  readonly counts: ColumnType<Readonly<Record<string, number>>, string, string>;
  readonly finished_at: Time;
}

/** The states of a mail in the outbox. */
export type GrowthMessageState =
  | 'planned'
  | 'sending'
  | 'accepted'
  | 'deferred'
  | 'rejected'
  | 'suppressed'
  | 'expired'
  | 'unknown';

/** One mail to one contact. */
export interface GrowthMessageTable {
  readonly id: string;
  readonly run_id: string;
  readonly campaign_uid: string;
  readonly period: string;
  readonly step: string;
  readonly contact_id: string;
  readonly topic: string;
  /** Whether a recorded consent is needed; else it is enough that none was withdrawn. */
  readonly needs_consent: boolean;
  readonly state: GrowthMessageState;
  readonly tries: Generated<number>;
  /** The attempt of the run that claimed it last. */
  readonly attempt: Generated<number>;
  readonly claim_nonce: string | null;
  readonly due_at: Time;
  /** The server's reply code, never its text, which may name the person. */
  readonly reply: string | null;
  readonly updated_at: Time;
}

/** The growth room's part of the database. */
export interface GrowthSchema {
  readonly growth_key: GrowthKeyTable;
  readonly growth_contact: GrowthContactTable;
  readonly growth_consent_event: GrowthConsentEventTable;
  readonly growth_suppression: GrowthSuppressionTable;
  readonly growth_job: GrowthJobTable;
  readonly growth_run: GrowthRunTable;
  readonly growth_step: GrowthStepTable;
  readonly growth_message: GrowthMessageTable;
}
