/**
 * Late usage: rows whose invoice is final, of tenants whose plan says what becomes of them. The provider bills nothing of what it is
 * sent for a closed period, so these are not sent: what they cost goes on the next invoice as an item, or is credited (billing/invoice-items).
 * That is right whether the invoice is that of the subscription which bills usage or of another: what is never sent is billed
 * by nothing but the item.
 */
import { type RawBuilder, sql, type Transaction } from 'kysely';

import type { Schema, Store } from '../../store/index.ts';
import type { OutboxRow } from './repository.ts';

/** What is said of a late row. */
export const lateReason = 'the invoice of its time is final: what it costs goes on the next as an item';

/** What tells the provider a difference costs nothing, and only events can put sums right. */
const late: RawBuilder<unknown> = sql`outbox.drift_id IS NULL AND outbox.replaces IS NULL
  AND EXISTS (SELECT FROM usage_window AS w JOIN customer_link AS l ON l.tenant = w.tenant
    WHERE w.id = outbox.usage_window_id AND l.provider = outbox.provider AND l.corrections IS NOT NULL)
  AND EXISTS (SELECT FROM invoice_mirror AS m
    WHERE m.provider = outbox.provider AND m.customer = outbox.customer
      AND m.subscription IS NOT NULL AND m.status IN ('open', 'paid', 'uncollectible')
      AND m.period_start <= outbox.event_at AND m.period_end > outbox.event_at)`;

/** Sets aside the late rows of a provider of which no attempt can have reached it; returns how many. */
export async function setLateAside(store: Store, provider: string): Promise<number> {
  return await store.fence.within(async (trx) => {
    const { rows } = await sql`UPDATE outbox SET state = 'LATE', last_error = ${lateReason}, next_attempt_at = NULL
      WHERE provider = ${provider} AND state = 'PENDING' AND guard_from IS NULL AND ${late} RETURNING id`.execute(trx);
    return rows.length;
  });
}

/**
 * Sets aside the row of a window, whatever the invoice: for what a person corrects where that is known to be final. One that
 * a database which was put back may have sent before is left to the sender, who reads back.
 */
export async function setAside(trx: Transaction<Schema>, window: bigint): Promise<void> {
  await trx
    .updateTable('outbox')
    .set({ state: 'LATE', last_error: lateReason })
    .where('usage_window_id', '=', window)
    .where('guard_from', 'is', null)
    .execute();
}

/** Which of the rows are late. */
export async function lateAmong({ db }: Store, rows: readonly Pick<OutboxRow, 'id'>[]): Promise<ReadonlySet<bigint>> {
  if (rows.length === 0) return new Set();
  const ids = rows.map(({ id }) => id);
  const found = await sql<{ id: bigint }>`SELECT id FROM outbox WHERE id = ANY(${ids}) AND ${late}`.execute(db);
  return new Set(found.rows.map(({ id }) => BigInt(id)));
}
