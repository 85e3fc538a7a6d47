import type { Migration } from '../migration.ts';

/** What comparing with providers found, and what was sent because of it. */
export const reconcile: Migration = {
  name: '0012-reconcile',
  statements: [
    `CREATE TABLE reconcile_run (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      provider text NOT NULL,
      scope text NOT NULL,
      started_at timestamptz NOT NULL,
      finished_at timestamptz NOT NULL,
      checked integer NOT NULL,
      differing integer NOT NULL
    )`,
    `CREATE INDEX reconcile_run_last ON reconcile_run (provider, scope, finished_at)`,
    `CREATE TABLE drift (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      provider text NOT NULL,
      customer text NOT NULL,
      event_name text NOT NULL,
      tenant text,
      hour timestamptz NOT NULL,
      ours numeric(38,0) NOT NULL,
      theirs numeric(38,0) NOT NULL,
      state text NOT NULL CHECK (state IN ('SEEN', 'CORRECTED', 'HELD', 'CLEARED')),
      reason text NOT NULL,
      first_seen_at timestamptz NOT NULL,
      seen_at timestamptz NOT NULL,
      decided_at timestamptz
    )`,
    `CREATE UNIQUE INDEX drift_open ON drift (provider, customer, event_name, hour) WHERE state IN ('SEEN', 'HELD')`,
    // A correction's row and a replacement's point at what they answer; each is answered once.
    `ALTER TABLE outbox ADD COLUMN drift_id bigint UNIQUE REFERENCES drift`,
    `ALTER TABLE outbox ADD COLUMN replaces bigint UNIQUE REFERENCES outbox`,
    // Verifying reads all tenants of one window, again for each window.
    `CREATE INDEX usage_window_start ON usage_window (window_start)`,
    `CREATE INDEX outbox_hour ON outbox (provider, customer, event_name, event_at)`,
  ],
};
