import type { Migration } from '../migration.ts';

/**
 * What months hold besides usage on its way to the provider: a row is frozen when it is found to be missing there, and has
 * the id of its invoice item once that was made. Amounts are whole minor units.
 */
export const invoiceItems: Migration = {
  name: '0024-invoice-items',
  statements: [
    `CREATE TABLE invoice_item (
      key text PRIMARY KEY,
      tenant text NOT NULL,
      month_end timestamptz NOT NULL,
      kind text NOT NULL,
      currency text NOT NULL,
      amount numeric(38,0) NOT NULL CHECK (amount <> 0),
      provider text NOT NULL,
      customer text NOT NULL,
      item text,
      invoice text,
      sent_at timestamptz,
      CHECK ((item IS NULL) = (sent_at IS NULL))
    )`,
    'CREATE INDEX invoice_item_unsent ON invoice_item (provider) WHERE item IS NULL',
  ],
};
