import type { Migration } from '../migration.ts';

/**
 * What there was to hold and what it drew: GPUs of nodes over time, energy of GPUs by spans, and how a price list divides
 * the one and weighs the other.
 */
export const capacityEnergy: Migration = {
  name: '0017-capacity-energy',
  statements: [
    `CREATE TABLE node_capacity (
      node text NOT NULL,
      model text NOT NULL,
      gpus integer NOT NULL CHECK (gpus > 0),
      region text,
      opened_at timestamptz NOT NULL,
      closed_at timestamptz CHECK (closed_at >= opened_at),
      PRIMARY KEY (node, opened_at)
    )`,
    `CREATE UNIQUE INDEX node_capacity_open ON node_capacity (node) WHERE closed_at IS NULL`,
    `CREATE INDEX node_capacity_closed ON node_capacity (closed_at)`,
    `CREATE TABLE energy_sample (
      gpu text NOT NULL,
      from_at timestamptz NOT NULL,
      to_at timestamptz NOT NULL CHECK (to_at > from_at),
      node text NOT NULL,
      millijoules numeric(38,0) NOT NULL CHECK (millijoules >= 0),
      pods text NOT NULL,
      PRIMARY KEY (gpu, from_at)
    )`,
    `CREATE INDEX energy_sample_from ON energy_sample (from_at)`,
    `ALTER TABLE price_book ADD COLUMN idle text`,
    `ALTER TABLE price_book ADD COLUMN energy text`,
  ],
};
