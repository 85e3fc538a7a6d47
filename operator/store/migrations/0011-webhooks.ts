import type { Migration } from '../migration.ts';

/** What providers report: the inbox of their events, and what was read from them because of it. */
export const webhooks: Migration = {
  name: '0011-webhooks',
  statements: [
    `CREATE TABLE webhook_inbox (
      provider text NOT NULL,
      event text NOT NULL,
      type text NOT NULL,
      object_type text,
      object_id text,
      created_at timestamptz NOT NULL,
      received_at timestamptz NOT NULL,
      state text NOT NULL CHECK (state IN ('RECEIVED', 'DONE')),
      attempts integer NOT NULL DEFAULT 0,
      next_attempt_at timestamptz,
      done_at timestamptz,
      last_error text,
      PRIMARY KEY (provider, event)
    )`,
    `CREATE INDEX webhook_inbox_open ON webhook_inbox (provider, received_at) WHERE state = 'RECEIVED'`,
    `CREATE TABLE invoice_mirror (
      provider text NOT NULL,
      invoice text NOT NULL,
      customer text NOT NULL,
      subscription text,
      number text,
      status text NOT NULL,
      currency text NOT NULL,
      total numeric(38,0) NOT NULL,
      amount_due numeric(38,0) NOT NULL,
      amount_paid numeric(38,0) NOT NULL,
      amount_remaining numeric(38,0) NOT NULL,
      period_start timestamptz NOT NULL,
      period_end timestamptz NOT NULL,
      finalizes_at timestamptz,
      read_at timestamptz NOT NULL,
      PRIMARY KEY (provider, invoice)
    )`,
    `CREATE INDEX invoice_mirror_customer ON invoice_mirror (provider, customer)`,
    `CREATE TABLE subscription_mirror (
      provider text NOT NULL,
      subscription text NOT NULL,
      customer text NOT NULL,
      status text NOT NULL,
      period_start timestamptz,
      period_end timestamptz,
      cancel_at timestamptz,
      ended_at timestamptz,
      read_at timestamptz NOT NULL,
      PRIMARY KEY (provider, subscription)
    )`,
    // Reports name samples only: an identifier that is not here may have been rejected all the same.
    `CREATE TABLE usage_rejection (
      provider text NOT NULL,
      identifier text NOT NULL,
      code text NOT NULL,
      message text NOT NULL,
      event text NOT NULL,
      reported_at timestamptz NOT NULL,
      PRIMARY KEY (provider, identifier)
    )`,
  ],
};
