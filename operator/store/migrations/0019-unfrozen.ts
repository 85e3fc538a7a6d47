import type { Migration } from '../migration.ts';

/**
 * Windows that were sealed before it was known what they cost and who pays: with a queue of them, nobody has to look for
 * them among all windows that there ever were.
 */
export const unfrozen: Migration = {
  name: '0019-unfrozen',
  statements: [
    `CREATE TABLE unfrozen_window (
      usage_window_id bigint PRIMARY KEY REFERENCES usage_window,
      tenant text NOT NULL,
      model text NOT NULL,
      profile text NOT NULL,
      window_start timestamptz NOT NULL
    )`,
    `CREATE INDEX unfrozen_window_priced ON unfrozen_window (tenant, model, profile, window_start)`,
    `INSERT INTO unfrozen_window SELECT w.id, w.tenant, w.model, w.profile, w.window_start
      FROM usage_window AS w LEFT JOIN charge AS c ON c.usage_window_id = w.id WHERE c.usage_window_id IS NULL`,
  ],
};
