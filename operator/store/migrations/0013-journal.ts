import type { Migration } from '../migration.ts';

/**
 * The double-entry journal. Entries are only ever added: what was wrong is put right by a further transaction. Amounts are
 * minor units of the currency, debits positive, and those of one transaction add up to nothing, which the database checks
 * when the transaction that wrote them commits.
 */
export const journal: Migration = {
  name: '0013-journal',
  statements: [
    `CREATE TABLE journal_tx (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      key text NOT NULL UNIQUE,
      tenant text NOT NULL,
      currency text NOT NULL,
      occurred_at timestamptz NOT NULL,
      recorded_at timestamptz NOT NULL DEFAULT now()
    )`,
    `CREATE INDEX journal_tx_tenant ON journal_tx (tenant, occurred_at)`,
    `CREATE TABLE journal_entry (
      tx bigint NOT NULL REFERENCES journal_tx,
      account text NOT NULL CHECK (account IN ('receivable', 'accrued', 'earnings', 'prepaid', 'breakage', 'wash')),
      amount numeric(38,12) NOT NULL CHECK (amount <> 0),
      PRIMARY KEY (tx, account)
    )`,
    // What was rated before there was a journal; the triggers come after it, so that nothing is pending on the tables.
    `INSERT INTO journal_tx (key, tenant, currency, occurred_at)
      SELECT 'charge/' || c.usage_window_id, c.tenant, c.currency, w.window_end
      FROM charge c JOIN usage_window w ON w.id = c.usage_window_id WHERE c.amount <> 0 ORDER BY c.usage_window_id`,
    `INSERT INTO journal_entry (tx, account, amount)
      SELECT t.id, side.account, side.sign * c.amount
      FROM journal_tx t JOIN charge c ON t.key = 'charge/' || c.usage_window_id
      CROSS JOIN (VALUES ('accrued', 1), ('earnings', -1)) AS side(account, sign)`,
    `CREATE FUNCTION journal_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF (SELECT sum(amount) FROM journal_entry WHERE tx = NEW.tx) <> 0 THEN
        RAISE EXCEPTION 'the entries of journal transaction % do not add up to 0', NEW.tx USING ERRCODE = 'check_violation';
      END IF;
      RETURN NULL;
    END $$`,
    `CREATE CONSTRAINT TRIGGER journal_balanced AFTER INSERT ON journal_entry
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION journal_balanced()`,
    `CREATE FUNCTION journal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'the journal is only ever added to: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
    END $$`,
    `CREATE TRIGGER journal_tx_append_only BEFORE UPDATE OR DELETE ON journal_tx
      FOR EACH ROW EXECUTE FUNCTION journal_append_only()`,
    `CREATE TRIGGER journal_entry_append_only BEFORE UPDATE OR DELETE ON journal_entry
      FOR EACH ROW EXECUTE FUNCTION journal_append_only()`,
  ],
};
