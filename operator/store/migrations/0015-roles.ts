import type { Migration } from '../migration.ts';

/**
 * Which statement of rights was applied last, by its hash: stating them locks every table for a moment, so it is done
 * only where they differ. The rights themselves are in `roles/rights.ts`; the roles belong to the server.
 */
export const roleRights: Migration = {
  name: '0015-roles',
  statements: [
    `CREATE TABLE role_rights (
      one boolean PRIMARY KEY DEFAULT true CHECK (one),
      digest text NOT NULL,
      applied_at timestamptz NOT NULL
    )`,
  ],
};
