import type { Migration } from '../migration.ts';

/** Which arm of a price experiment a tenant has; without one he was a customer before, and takes no part. Written once. */
export const experiments: Migration = {
  name: '0025-experiments',
  statements: [
    `CREATE TABLE experiment_assignment (
      experiment_uid text NOT NULL,
      tenant_uid text NOT NULL,
      experiment text NOT NULL,
      tenant text NOT NULL,
      arm text,
      book text,
      assigned_at timestamptz NOT NULL,
      PRIMARY KEY (experiment_uid, tenant_uid),
      CHECK ((arm IS NULL) = (book IS NULL))
    )`,
  ],
};
