import type { Migration } from '../migration.ts';

/** Prices, charges and the outbox. */
export const money: Migration = {
  name: '0003-money',
  statements: [
    `CREATE TABLE price_book (
      book text NOT NULL,
      version integer NOT NULL,
      currency text NOT NULL,
      effective_from timestamptz NOT NULL,
      object text NOT NULL,
      digest text NOT NULL,
      PRIMARY KEY (book, version)
    )`,
    `CREATE TABLE price_sku (
      book text NOT NULL,
      version integer NOT NULL,
      name text NOT NULL,
      model text NOT NULL,
      profile text NOT NULL,
      per_hour text NOT NULL,
      unit_price numeric(38,12) NOT NULL CHECK (unit_price >= 0),
      PRIMARY KEY (book, version, name),
      UNIQUE (book, version, model, profile),
      FOREIGN KEY (book, version) REFERENCES price_book
    )`,
    `CREATE TABLE customer_link (
      tenant text PRIMARY KEY,
      provider text NOT NULL,
      customer text NOT NULL,
      book text NOT NULL
    )`,
    `CREATE TABLE billing_account (
      provider text PRIMARY KEY,
      mode text NOT NULL CHECK (mode IN ('test', 'live')),
      account text NOT NULL
    )`,
    `CREATE TABLE charge (
      usage_window_id bigint PRIMARY KEY REFERENCES usage_window,
      tenant text NOT NULL,
      sku text NOT NULL,
      book text NOT NULL,
      version integer NOT NULL,
      currency text NOT NULL,
      unit_price numeric(38,12) NOT NULL,
      quantity numeric(38,0) NOT NULL,
      amount numeric(38,12) NOT NULL
    )`,
    `CREATE TABLE outbox (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      usage_window_id bigint NOT NULL UNIQUE REFERENCES usage_window,
      provider text NOT NULL,
      identifier text NOT NULL UNIQUE,
      event_name text NOT NULL,
      customer text NOT NULL,
      event_at timestamptz NOT NULL,
      quantity numeric(38,0) NOT NULL CHECK (quantity <> 0),
      state text NOT NULL CHECK (state IN
        ('PENDING', 'SENDING', 'ACCEPTED', 'ACCEPTED_DUP', 'CONFIRMED', 'UNKNOWN', 'REJECTED', 'HOLD')),
      attempts integer NOT NULL DEFAULT 0,
      first_attempt_at timestamptz,
      guard_from timestamptz,
      next_attempt_at timestamptz,
      fence bigint,
      read_value numeric(38,0),
      read_at timestamptz,
      last_error text
    )`,
    `CREATE UNIQUE INDEX outbox_one_in_flight
      ON outbox (provider, customer, event_name, date_trunc('hour', event_at AT TIME ZONE 'UTC'))
      WHERE state IN ('SENDING', 'UNKNOWN')`,
    `CREATE INDEX outbox_unsent ON outbox (provider, customer, event_name, id)
      WHERE state IN ('PENDING', 'SENDING', 'UNKNOWN')`,
  ],
};
