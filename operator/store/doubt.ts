import { sql, type Transaction } from 'kysely';

import type { Schema } from './schema/index.ts';

/**
 * After a database was put back to an earlier state, nothing in it is believed to be unsent: puts its unsettled rows past
 * their guard, and by the watermark what is frozen anew for the time before `now`. Returns the number of rows.
 * One row of an hour may be UNKNOWN at a time; the others stay PENDING, and a guard that has passed has them read back too.
 */
export async function doubtUnsettled(trx: Transaction<Schema>, now: Date): Promise<number> {
  await sql`INSERT INTO watermark (name, at) VALUES ('restored', ${now})
    ON CONFLICT (name) DO UPDATE SET at = excluded.at`.execute(trx);
  const open = sql`state IN ('PENDING', 'SENDING', 'UNKNOWN')`;
  const { rows } = await sql`UPDATE outbox SET state = 'PENDING', guard_from = 'epoch', next_attempt_at = NULL,
    read_value = NULL, read_at = NULL, last_error = 'restored from a backup: it may have been sent since'
    WHERE ${open} RETURNING id`.execute(trx);
  await sql`UPDATE outbox SET state = 'UNKNOWN' WHERE id IN (
    SELECT min(id) FROM outbox WHERE ${open}
    GROUP BY provider, customer, event_name, date_trunc('hour', event_at AT TIME ZONE 'UTC'))`.execute(trx);
  return rows.length;
}
