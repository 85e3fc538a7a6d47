import { sql, type Transaction } from 'kysely';

import type { Schema } from '../../store/index.ts';
import { one } from '../money/decimal.ts';
import { post } from './post.ts';
import type { Posting } from './posting.ts';

/** What of an invoice is owed once it is final. */
const finalStates: ReadonlySet<string> = new Set(['open', 'paid', 'uncollectible']);

/**
 * Brings the journal up to an invoice as it stands in the mirror, in the transaction that wrote it there: what is owed and
 * what was paid, each as the difference to what the journal has, so that readings may come in any order and number. An
 * invoice of a customer who is no tenant's is nobody's.
 */
export async function postInvoice(trx: Transaction<Schema>, provider: string, invoice: string): Promise<void> {
  const row = await trx
    .selectFrom('invoice_mirror as m')
    .innerJoin('customer_link as l', (join) =>
      join.onRef('l.provider', '=', 'm.provider').onRef('l.customer', '=', 'm.customer'),
    )
    .select(['l.tenant', 'm.currency', 'm.status', 'm.total', 'm.credited', 'm.amount_paid', 'm.read_at'])
    .where('m.provider', '=', provider)
    .where('m.invoice', '=', invoice)
    .orderBy('l.tenant')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return;
  const owed = finalStates.has(row.status) ? BigInt(row.total) - BigInt(row.credited) : 0n;
  const about = { tenant: row.tenant, currency: row.currency, occurredAt: row.read_at.getTime() };
  const difference = async (kind: 'invoice' | 'payment', target: bigint): Promise<Posting> => {
    const { posted, times } = await readPosted(trx, kind, `${provider}/${invoice}/`);
    return { ...about, kind, subject: `${provider}/${invoice}/${times}`, amount: target * one - posted };
  };
  await post(trx, [await difference('invoice', owed), await difference('payment', BigInt(row.amount_paid))]);
}

/** What the debits of a subject's postings add up to, and how many there are. */
async function readPosted(
  trx: Transaction<Schema>,
  kind: string,
  subject: string,
): Promise<{ readonly posted: bigint; readonly times: number }> {
  const prefix = `${kind}/${subject}`;
  const account = kind === 'invoice' ? 'receivable' : 'wash';
  const { rows } = await sql<{ posted: string; times: string }>`
    SELECT coalesce(sum(e.amount) * ${one.toString()}::numeric, 0)::numeric(50,0)::text AS posted, count(*)::text AS times
    FROM journal_tx t JOIN journal_entry e ON e.tx = t.id
    WHERE starts_with(t.key, ${prefix}) AND e.account = ${account}`.execute(trx);
  return { posted: BigInt(rows[0]?.posted ?? '0'), times: Number(rows[0]?.times ?? '0') };
}
