import type { Migration } from '../migration.ts';

/**
 * The number of the last batch of usage that left: the cluster keeps it too, so that a database put back by any tool is
 * known by a number that is behind (rule R9). No row says 0.
 */
export const sentBatch: Migration = {
  name: '0018-sent-batch',
  statements: [
    `CREATE TABLE sent_batch (
      one boolean PRIMARY KEY DEFAULT true CHECK (one),
      number bigint NOT NULL CHECK (number >= 0)
    )`,
  ],
};
