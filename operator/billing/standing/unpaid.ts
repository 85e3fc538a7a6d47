import { sql } from 'kysely';

import type { Store } from '../../store/index.ts';
import type { Unpaid } from './demands.ts';

/** How often the provider is asked whether an invoice is still unpaid, in milliseconds: a lost webhook freezes nobody. */
const recheckMillis = 300_000;

/**
 * The invoices whose payment failed or is overdue and that the provider still says are open, by tenant. Derived from what
 * webhooks brought, so there is no case to close: an invoice that is paid is not here.
 */
export async function readUnpaid(store: Store): Promise<readonly Unpaid[]> {
  const { rows } = await sql<{ tenant: string; provider: string; invoice: string; since: Date; read_at: Date }>`
    SELECT l.tenant, m.provider, m.invoice, min(i.created_at) AS since, m.read_at
    FROM invoice_mirror m
    JOIN customer_link l ON l.provider = m.provider AND l.customer = m.customer
    JOIN webhook_inbox i ON i.provider = m.provider AND i.object_type = 'invoice' AND i.object_id = m.invoice
      AND i.type IN ('invoice.payment_failed', 'invoice.overdue')
    WHERE m.status IN ('open', 'uncollectible') AND m.amount_remaining > 0
    GROUP BY l.tenant, m.provider, m.invoice, m.read_at
    ORDER BY since`.execute(store.db);
  return rows.map(({ since, read_at, ...rest }) => ({ ...rest, since: since.getTime(), readAt: read_at.getTime() }));
}

/**
 * Has the provider asked again about invoices that were not looked at for a while, through the inbox of its webhooks: one
 * entry an invoice, opened anew. While the provider does not answer, what was read last grows stale.
 */
export async function askAgain(store: Store, unpaid: readonly Unpaid[], now: number): Promise<void> {
  const due = new Map(
    unpaid
      .filter(({ readAt }) => now - readAt >= recheckMillis)
      .map((one) => [`${one.provider}\n${one.invoice}`, one] as const),
  );
  if (due.size === 0) return;
  const at = new Date(now);
  await store.fence.within(async (trx) => {
    await trx
      .insertInto('webhook_inbox')
      .values(
        [...due.values()].map(({ provider, invoice }) => ({
          provider,
          event: `gpuopt-recheck/${invoice}`,
          type: 'gpuopt.recheck',
          object_type: 'invoice',
          object_id: invoice,
          created_at: at,
          received_at: at,
          state: 'RECEIVED' as const,
        })),
      )
      .onConflict((conflict) =>
        conflict
          .columns(['provider', 'event'])
          .doUpdateSet({ state: 'RECEIVED', received_at: at, next_attempt_at: null, attempts: 0 })
          .where('webhook_inbox.state', '=', 'DONE'),
      )
      .execute();
  });
}
