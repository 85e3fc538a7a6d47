import type { Migration } from '../migration.ts';

/** The fence: one row, raised by each new leader. */
export const control: Migration = {
  name: '0001-control',
  statements: [
    `CREATE TABLE leader_epoch (
      one boolean PRIMARY KEY DEFAULT true CHECK (one),
      epoch bigint NOT NULL,
      holder text NOT NULL,
      taken_at timestamptz NOT NULL
    )`,
    `INSERT INTO leader_epoch (epoch, holder, taken_at) VALUES (0, 'nobody', now())`,
  ],
};
