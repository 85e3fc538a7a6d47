import type { UsageSink } from '../../../../operator/billing/sinks/index.ts';
import type { Store } from '../../../../operator/store/index.ts';

const batchRows = 16;

/**
 * The sender that most programs have: a stable identifier, and whatever is not known to be accepted is sent again. It
 * trusts the provider to remember identifiers for ever.
 */
export async function sendNaively(store: Store, sink: UsageSink): Promise<number> {
  const rows = await store.db
    .selectFrom('outbox')
    .selectAll()
    .where('state', 'in', ['PENDING', 'SENDING'])
    .orderBy('id')
    .limit(batchRows)
    .execute();
  for (const row of rows) {
    const usage = {
      identifier: row.identifier,
      eventName: row.event_name,
      customer: row.customer,
      timestamp: row.event_at.getTime() / 1000,
      quantity: BigInt(row.quantity),
    };
    const { kind } = await sink.deliver(usage, new AbortController().signal);
    if (kind !== 'accepted' && kind !== 'duplicate') return 0;
    await store.fence.within((trx) =>
      trx.updateTable('outbox').set({ state: 'ACCEPTED' }).where('id', '=', row.id).execute(),
    );
  }
  return rows.length;
}
