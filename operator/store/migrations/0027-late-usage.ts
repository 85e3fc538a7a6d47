import type { Migration } from '../migration.ts';

/** Usage that is known only after the invoice of its time is final: set aside from what is sent, for an item on the next invoice. */
export const lateUsage: Migration = {
  name: '0027-late-usage',
  statements: [
    'ALTER TABLE outbox DROP CONSTRAINT outbox_state_check',
    `ALTER TABLE outbox ADD CONSTRAINT outbox_state_check CHECK (state IN
      ('PENDING', 'SENDING', 'ACCEPTED', 'ACCEPTED_DUP', 'CONFIRMED', 'UNKNOWN', 'REJECTED', 'HOLD', 'LATE'))`,
    `CREATE INDEX outbox_late ON outbox (provider) WHERE state = 'LATE'`,
    `ALTER TABLE customer_link ADD COLUMN corrections text CHECK (corrections IN ('NextPeriod', 'CreditNote'))`,
    'ALTER TABLE outbox ADD COLUMN corrections text',
  ],
};
