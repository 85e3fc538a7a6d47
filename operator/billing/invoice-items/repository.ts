import { type Kysely, sql, type Transaction } from 'kysely';

import type { Schema } from '../../store/index.ts';
import { itemKinds } from '../fees/month.ts';
import { parseDecimal } from '../money/decimal.ts';
import type { FoundItem } from '../sinks/catalog.ts';
import type { MonthTotal, NewItem } from './decide.ts';

/** A frozen item that the provider may have or not. */
export interface UnsentItem extends Omit<NewItem, 'kind'> {
  readonly kind: string;
}

/** Since when a provider is told of what months hold: those that end later count. The first `now` that was ever given stands. */
export async function toldSince(
  trx: Transaction<Schema>,
  what: 'items' | 'credits',
  provider: string,
  now: Date,
): Promise<Date> {
  const { rows } = await sql<{
    at: Date;
  }>`INSERT INTO watermark (name, at) VALUES (${`invoice-${what}/${provider}`}, ${now})
    ON CONFLICT (name) DO UPDATE SET at = watermark.at RETURNING at`.execute(trx);
  const [row] = rows;
  if (row === undefined) throw new TypeError('a watermark that was written is there');
  return row.at;
}

/** What the journal has of the months of tenants that end after `since`, beside what is frozen of it. */
export async function readTotals(
  db: Kysely<Schema>,
  tenants: readonly string[],
  since: Date,
): Promise<readonly MonthTotal[]> {
  const { rows } = await sql<
    Record<'tenant' | 'kind' | 'currency' | 'amount' | 'frozen' | 'rows', string> & { end: Date }
  >`
    WITH booked AS (
      SELECT t.tenant, t.occurred_at, split_part(t.key, '/', 1) AS kind, t.currency, sum(e.amount) AS amount
      FROM journal_tx t JOIN journal_entry e ON e.tx = t.id AND e.account = 'accrued'
      WHERE t.tenant = ANY(${[...tenants]}::text[]) AND t.occurred_at > ${since}
        AND split_part(t.key, '/', 1) = ANY(${[...itemKinds]}::text[])
      GROUP BY 1, 2, 3, 4
    )
    SELECT b.tenant, b.occurred_at AS end, b.kind, b.currency, b.amount::numeric(38,12)::text AS amount,
      coalesce(sum(i.amount), 0)::text AS frozen, count(i.key)::text AS rows
    FROM booked b LEFT JOIN invoice_item i
      ON i.tenant = b.tenant AND i.month_end = b.occurred_at AND i.kind = b.kind AND i.currency = b.currency
    GROUP BY b.tenant, b.occurred_at, b.kind, b.currency, b.amount
    ORDER BY b.occurred_at, b.tenant, b.kind, b.currency`.execute(db);
  return rows.flatMap(({ end, kind, ...row }): MonthTotal[] => {
    const known = itemKinds.find((one) => one === kind);
    if (known === undefined) return [];
    const { tenant, currency, amount, frozen } = row;
    const counted = { frozen: BigInt(frozen), rows: Number(row.rows) };
    return [{ tenant, currency, kind: known, monthEnd: end.getTime(), amount: parseDecimal(amount), ...counted }];
  });
}

/** Whether a provider has late usage. */
export async function hasLate(db: Kysely<Schema>, provider: string): Promise<boolean> {
  const row = await db
    .selectFrom('outbox')
    .select('id')
    .where('provider', '=', provider)
    .where('state', '=', 'LATE')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** What late usage of each month comes to, beside what is frozen of it; months by when windows begin. */
export async function readLateTotals(db: Kysely<Schema>, provider: string): Promise<readonly MonthTotal[]> {
  const { rows } = await sql<
    Record<'tenant' | 'customer' | 'currency' | 'amount' | 'frozen' | 'rows', string> & { end: Date }
  >`
    WITH late AS (
      SELECT c.tenant, o.customer, c.currency, sum(c.amount) AS amount,
        (date_trunc('month', w.window_start AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC' AS month_end
      FROM outbox o JOIN usage_window w ON w.id = o.usage_window_id JOIN charge c ON c.usage_window_id = w.id
      WHERE o.state = 'LATE' AND o.provider = ${provider}
      GROUP BY 1, 2, 3, 5
    )
    SELECT l.tenant, l.customer, l.month_end AS end, l.currency, l.amount::numeric(38,12)::text AS amount,
      coalesce(sum(i.amount), 0)::text AS frozen, count(i.key)::text AS rows
    FROM late l LEFT JOIN invoice_item i
      ON i.tenant = l.tenant AND i.provider = ${provider} AND i.customer = l.customer AND i.month_end = l.month_end
        AND i.kind = 'late' AND i.currency = l.currency
    GROUP BY l.tenant, l.customer, l.month_end, l.currency, l.amount
    ORDER BY l.month_end, l.tenant, l.customer, l.currency`.execute(db);
  return rows.map(({ end, amount, frozen, rows: count, tenant, customer, currency }) => {
    const about = { tenant, currency, to: { provider, customer } };
    const counted = { frozen: BigInt(frozen), rows: Number(count) };
    return { ...about, kind: 'late', monthEnd: end.getTime(), amount: parseDecimal(amount), ...counted };
  });
}

/** Freezes items; one whose key is there stands as it is. */
export async function freezeItems(
  trx: Transaction<Schema>,
  provider: string,
  items: readonly NewItem[],
): Promise<void> {
  if (items.length === 0) return;
  await trx
    .insertInto('invoice_item')
    .values(
      items.map(({ key, tenant, monthEnd, kind, currency, amount, customer }) => ({
        ...{
          key,
          tenant,
          month_end: new Date(monthEnd),
          kind,
          currency,
          amount: amount.toString(),
          provider,
          customer,
        },
      })),
    )
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
}

/** Items that are frozen and not known to be at the provider, oldest month first. */
export async function readUnsent(db: Kysely<Schema>, provider: string, limit: number): Promise<readonly UnsentItem[]> {
  const rows = await db
    .selectFrom('invoice_item')
    .selectAll()
    .where('provider', '=', provider)
    .where('item', 'is', null)
    .orderBy('month_end')
    .orderBy('key')
    .limit(limit)
    .execute();
  return rows.map(({ key, tenant, month_end, kind, currency, amount, customer }) => {
    return { key, tenant, monthEnd: month_end.getTime(), kind, currency, amount: BigInt(amount), customer };
  });
}

/**
 * Says that an item is at the provider, and on which invoice; without one it waits for the next. What it was made with
 * counts: a database that was put back may have frozen another amount under its key, and the rest is an item of its own.
 */
export async function keepSent(
  trx: Transaction<Schema>,
  key: string,
  { item, invoice, amount, note }: FoundItem,
  now: Date,
): Promise<void> {
  await trx
    .updateTable('invoice_item')
    .set({
      ...{ item, invoice: invoice ?? null, amount: amount.toString(), sent_at: now },
      form: note === true ? 'CreditNote' : 'InvoiceItem',
    })
    .where('key', '=', key)
    .where('item', 'is', null)
    .execute();
}
