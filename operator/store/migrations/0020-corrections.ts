import type { Migration } from '../migration.ts';

/** What people corrected. The name is the key: what was applied under it stands, whatever object has that name later. */
export const corrections: Migration = {
  name: '0020-corrections',
  statements: [
    `CREATE TABLE usage_correction (
      name text PRIMARY KEY,
      tenant text NOT NULL,
      sku text NOT NULL,
      window_start timestamptz NOT NULL,
      quantity numeric(38,0) NOT NULL,
      held text CHECK (held IN ('Recorded', 'Send')),
      reason text NOT NULL,
      approved_by text NOT NULL,
      usage_window_id bigint UNIQUE REFERENCES usage_window,
      applied_at timestamptz NOT NULL,
      CHECK ((quantity = 0) = (usage_window_id IS NULL))
    )`,
  ],
};
