import type { Migration } from '../migration.ts';

const statements = [
  // Keys for unsubscribe tokens and for the hashes that outlive a person's data.
  `CREATE TABLE growth_key (
    id text PRIMARY KEY,
    secret text NOT NULL,
    created_at timestamptz NOT NULL
  )`,
  `CREATE TABLE growth_contact (
    id uuid PRIMARY KEY,
    namespace text NOT NULL,
    email text NOT NULL,
    email_key text NOT NULL,
    email_hash text NOT NULL,
    name text NOT NULL,
    first_run uuid NOT NULL,
    first_step text NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (namespace, email_key)
  )`,
  // Append-only: consent is proved by its history.
  `CREATE TABLE growth_consent_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contact_id uuid NOT NULL REFERENCES growth_contact (id),
    topic text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('granted', 'withdrawn')),
    source text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    UNIQUE (contact_id, topic, kind, source, occurred_at)
  )`,
  `CREATE TABLE growth_suppression (
    namespace text NOT NULL,
    email_hash text NOT NULL,
    topic text NOT NULL,
    reason text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (namespace, email_hash, topic)
  )`,
  `CREATE TABLE growth_job (
    job_uid text PRIMARY KEY,
    job_name text NOT NULL,
    namespace text NOT NULL,
    campaign_uid text NOT NULL,
    period text NOT NULL,
    scheduled_for timestamptz NOT NULL,
    registered_at timestamptz NOT NULL
  )`,
  `CREATE TABLE growth_run (
    id uuid PRIMARY KEY,
    namespace text NOT NULL,
    campaign text NOT NULL,
    campaign_uid text NOT NULL,
    period text NOT NULL,
    attempt integer NOT NULL,
    claimant text NOT NULL,
    lease_until timestamptz NOT NULL,
    outcome text CHECK (outcome IN ('Succeeded')),
    failure_code text,
    message text,
    job_name text NOT NULL,
    config_hash text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    UNIQUE (campaign_uid, period)
  )`,
  `CREATE TABLE growth_step (
    run_id uuid NOT NULL REFERENCES growth_run (id),
    name text NOT NULL,
    counts jsonb NOT NULL,
    finished_at timestamptz NOT NULL,
    PRIMARY KEY (run_id, name)
  )`,
  `CREATE TABLE growth_message (
    id uuid PRIMARY KEY,
    run_id uuid NOT NULL REFERENCES growth_run (id),
    campaign_uid text NOT NULL,
    period text NOT NULL,
    step text NOT NULL,
    contact_id uuid NOT NULL REFERENCES growth_contact (id),
    topic text NOT NULL,
    needs_consent boolean NOT NULL,
    state text NOT NULL CHECK (state IN
      ('planned', 'sending', 'accepted', 'deferred', 'rejected', 'suppressed', 'expired', 'unknown')),
    tries integer NOT NULL DEFAULT 0,
    attempt integer NOT NULL DEFAULT 0,
    claim_nonce text,
    due_at timestamptz NOT NULL,
    reply text,
    updated_at timestamptz NOT NULL,
    UNIQUE (campaign_uid, period, step, contact_id)
  )`,
  'CREATE INDEX growth_message_open ON growth_message (run_id, step, state, due_at)',
  'CREATE INDEX growth_message_contact ON growth_message (contact_id)',
];

/** The tables of the growth room: contacts and their consent, runs and their ledger, the outbox of mails. */
export const growth: Migration = { name: '0010-growth', statements };
