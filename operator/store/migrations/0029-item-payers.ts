import type { Migration } from '../migration.ts';

/** Whom a provider's invoice items go to, kept for the last month of a tenant that is deleted. */
export const itemPayers: Migration = {
  name: '0029-item-payers',
  statements: [
    `CREATE TABLE item_payer (
      provider text NOT NULL,
      tenant text NOT NULL,
      customer text NOT NULL,
      subscription text,
      PRIMARY KEY (provider, tenant)
    )`,
  ],
};
