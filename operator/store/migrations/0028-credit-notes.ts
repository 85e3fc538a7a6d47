import type { Migration } from '../migration.ts';

/** What credit notes took off an invoice, and which of what we told the provider are credit notes. */
export const creditNotes: Migration = {
  name: '0028-credit-notes',
  statements: [
    'ALTER TABLE invoice_mirror ADD COLUMN credited numeric(38,0) NOT NULL DEFAULT 0 CHECK (credited >= 0)',
    `ALTER TABLE invoice_item ADD COLUMN form text NOT NULL DEFAULT 'InvoiceItem'
      CHECK (form IN ('InvoiceItem', 'CreditNote'))`,
  ],
};
