import type { Migration } from '../migration.ts';

/** Prices in tiers and included quantities: what a window costs may depend on what its month held before it. */
export const tiers: Migration = {
  name: '0014-tiers',
  statements: [
    `ALTER TABLE price_sku ADD COLUMN tiers text`,
    `ALTER TABLE customer_link ADD COLUMN included text`,
    `ALTER TABLE charge ADD COLUMN rated_from numeric(38,0)`,
  ],
};
