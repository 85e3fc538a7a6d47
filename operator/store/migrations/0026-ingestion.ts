import type { Migration } from '../migration.ts';

/** What rows say to a provider: what they add, or what their hour holds. */
export const ingestion: Migration = {
  name: '0026-ingestion',
  statements: [
    `ALTER TABLE billing_account ADD COLUMN ingestion text NOT NULL DEFAULT 'Delta'
      CHECK (ingestion IN ('Delta', 'HourlySnapshot'))`,
  ],
};
