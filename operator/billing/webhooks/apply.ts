import type { Transaction } from 'kysely';

import type { Schema } from '../../store/index.ts';
import { postInvoice } from '../journal/invoice.ts';
import type { InvoiceReading, Reading, RejectionsReading, SubscriptionReading } from './source.ts';

/** What a reading is about. */
export interface ReadingOf {
  readonly provider: string;
  /** The event that made us look. */
  readonly event: string;
  /** When we began to look: the provider's answer is at least as new. */
  readonly readAt: Date;
}

/**
 * Writes what was read. A reading older than what stands is dropped, so that it does not matter in which order events
 * came, how often, or which of two looks was written first.
 */
export async function apply(trx: Transaction<Schema>, of: ReadingOf, reading: Reading): Promise<void> {
  if (reading.kind === 'invoice') await applyInvoice(trx, of, reading);
  if (reading.kind === 'subscription') await applySubscription(trx, of, reading);
  if (reading.kind === 'rejections') await applyRejections(trx, of, reading);
}

async function applyInvoice(
  trx: Transaction<Schema>,
  { provider, readAt }: ReadingOf,
  read: InvoiceReading,
): Promise<void> {
  const row = {
    customer: read.customer,
    subscription: read.subscription,
    number: read.number,
    status: read.status,
    currency: read.currency,
    total: read.total,
    amount_due: read.amountDue,
    amount_paid: read.amountPaid,
    amount_remaining: read.amountRemaining,
    credited: read.credited ?? 0n,
    period_start: new Date(read.period.start),
    period_end: new Date(read.period.end),
    finalizes_at: timeOf(read.finalizesAt),
    read_at: readAt,
  };
  await trx
    .insertInto('invoice_mirror')
    .values({ provider, invoice: read.id, ...row })
    .onConflict((conflict) =>
      conflict.columns(['provider', 'invoice']).doUpdateSet(row).where('invoice_mirror.read_at', '<=', readAt),
    )
    .execute();
  await postInvoice(trx, provider, read.id);
}

async function applySubscription(
  trx: Transaction<Schema>,
  { provider, readAt }: ReadingOf,
  read: SubscriptionReading,
): Promise<void> {
  const row = {
    customer: read.customer,
    status: read.status,
    period_start: timeOf(read.period?.start ?? null),
    period_end: timeOf(read.period?.end ?? null),
    cancel_at: timeOf(read.cancelAt),
    ended_at: timeOf(read.endedAt),
    read_at: readAt,
  };
  await trx
    .insertInto('subscription_mirror')
    .values({ provider, subscription: read.id, ...row })
    .onConflict((conflict) =>
      conflict
        .columns(['provider', 'subscription'])
        .doUpdateSet(row)
        .where('subscription_mirror.read_at', '<=', readAt),
    )
    .execute();
}

/** The first report of an identifier stands: later ones can only repeat it. */
async function applyRejections(
  trx: Transaction<Schema>,
  of: ReadingOf,
  { rejections }: RejectionsReading,
): Promise<void> {
  if (rejections.length === 0) return;
  const { provider, event, readAt } = of;
  await trx
    .insertInto('usage_rejection')
    .values(rejections.map((rejection) => ({ provider, ...rejection, event, reported_at: readAt })))
    .onConflict((conflict) => conflict.columns(['provider', 'identifier']).doNothing())
    .execute();
}

function timeOf(millis: number | null): Date | null {
  return millis === null ? null : new Date(millis);
}
