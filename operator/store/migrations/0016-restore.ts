import type { Migration } from '../migration.ts';

/**
 * After a restore, usage up to that moment may have been sent by rows that the backup does not know. Such rows, when they
 * are frozen again, begin past their guard: the provider's sum is read before anything is sent (rule R9).
 */
export const restore: Migration = {
  name: '0016-restore',
  statements: [
    `CREATE FUNCTION outbox_after_restore() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.guard_from IS NULL AND EXISTS (SELECT FROM watermark WHERE name = 'restored' AND at >= NEW.event_at) THEN
        NEW.guard_from := 'epoch';
      END IF;
      RETURN NEW;
    END $$`,
    `CREATE TRIGGER outbox_after_restore BEFORE INSERT ON outbox
      FOR EACH ROW EXECUTE FUNCTION outbox_after_restore()`,
  ],
};
