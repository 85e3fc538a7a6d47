import { sql } from 'kysely';

import type { Store } from '../../store/index.ts';
import { formatDecimal, parseDecimal } from '../money/decimal.ts';
import { toMajor } from '../money/price.ts';
import { type Cost, sealedThrough } from '../usage/query.ts';
import { UsageQuestionError } from '../usage/question.ts';
import type { Report } from '../usage/report.ts';
import { type CreditLine, readCredits } from './credits.ts';
import { type ItemLine, readItemLines, readLateLines } from './items.ts';

/** Usage of one SKU under one version of a price list. */
export interface BillLine {
  readonly sku: string;
  readonly book: string;
  readonly version: number;
  readonly unit: 'GPU-seconds';
  /** An integer. */
  readonly quantity: string;
  /** Minor units of the currency for one unit, 12 decimals; of the first tier where the price has several. */
  readonly unitPrice: string;
  /** Whether the amount follows tiers or included quantities over the month instead of the unit price alone. */
  readonly tiered: boolean;
  readonly currency: string;
  /** Rounded to the currency's minor unit, for people; the total rounds the exact sum. */
  readonly amount: string;
  /** Minor units, exact. */
  readonly exactMinor: string;
}

/** The answer of `gpuopt bill preview`; times RFC 3339, half-open. */
export interface BillPreview {
  readonly tenant: string;
  readonly from: string;
  readonly to: string;
  /** The end of the last sealed window: what is used later is not in it yet. */
  readonly sealedThrough: string | null;
  readonly lines: readonly BillLine[];
  /** GPU-seconds of the period that nothing prices. */
  readonly unpriced: string;
  /** Fees and commitments of the calendar months that end in the period, and late usage of earlier ones. */
  readonly items: readonly ItemLine[];
  /** What the tenant's credit pays of the lines, by grant. */
  readonly credits: readonly CreditLine[];
  /** Lines and items together, one for each currency. */
  readonly totals: readonly Cost[];
  /** The totals less the credits. */
  readonly payable: readonly Cost[];
}

/** `gpuopt bill preview --tenant T`: what the sealed windows of the current period cost, and fees. */
export const billPreview: Report<BillPreview> = {
  path: '/api/v1/bill/preview',
  read: (store, { tenant }, now) => {
    if (!tenant) throw new UsageQuestionError('name the tenant with --tenant, for example --tenant acme');
    return preview(store, tenant, now);
  },
  isAnswer: (value): value is BillPreview => 'lines' in value && 'totals' in value,
};

async function preview(store: Store, tenant: string, now: number): Promise<BillPreview> {
  const period = await currentPeriod(store, tenant, new Date(now));
  const { from, to } = period;
  const rows = await store.db
    .selectFrom('usage_window as w')
    .leftJoin('charge as c', 'c.usage_window_id', 'w.id')
    .leftJoin('outbox as o', 'o.usage_window_id', 'w.id')
    .select(['c.sku', 'c.book', 'c.version', 'c.currency', 'c.unit_price'])
    .select([
      sql<string>`sum(w.quantity)`.as('quantity'),
      sql<boolean>`coalesce(bool_or(c.rated_from IS NOT NULL), false)`.as('tiered'),
      sql<string>`coalesce(sum(c.amount), 0)::numeric(38,12)`.as('amount'),
    ])
    .where('w.tenant', '=', tenant)
    .where('w.window_start', '>=', from)
    .where('w.window_start', '<', to)
    // What is late is billed as an item.
    .where((eb) => eb.or([eb('o.state', 'is', null), eb('o.state', '<>', 'LATE')]))
    .groupBy(['c.sku', 'c.book', 'c.version', 'c.currency', 'c.unit_price'])
    .orderBy('c.sku')
    .orderBy('c.book')
    .orderBy('c.version')
    .execute();
  const lines = rows.flatMap((row): readonly BillLine[] => {
    const { sku, book, version, currency, unit_price, quantity, amount, tiered } = row;
    if (sku === null || book === null || version === null || currency === null || unit_price === null) return [];
    const money = { currency, amount: toMajor(parseDecimal(amount), currency), exactMinor: amount };
    return [{ sku, book, version, unit: 'GPU-seconds', quantity, unitPrice: unit_price, tiered, ...money }];
  });
  const late = await readLateLines(store.db, tenant, period);
  const items = [...(await readItemLines(store.db, tenant, period, now)), ...late];
  const credits = await readCredits(store, tenant, period, items);
  return {
    ...{ tenant, from: from.toISOString(), to: to.toISOString(), sealedThrough: await sealedThrough(store) },
    lines,
    unpriced: rows.find(({ sku }) => sku === null)?.quantity ?? '0',
    ...{ items, credits, totals: totalsOf([...lines, ...items]), payable: totalsOf([...lines, ...items, ...credits]) },
  };
}

function totalsOf(lines: readonly Pick<BillLine, 'currency' | 'exactMinor'>[]): readonly Cost[] {
  const byCurrency = Map.groupBy(lines, ({ currency }) => currency);
  return [...byCurrency].toSorted().map(([currency, members]) => {
    const minor = members.reduce((sum, { exactMinor }) => sum + parseDecimal(exactMinor), 0n);
    return { currency, amount: toMajor(minor, currency), exactMinor: formatDecimal(minor) };
  });
}

/** The period of the tenant's subscription at the provider; the calendar month in UTC where none is known. */
async function currentPeriod(
  { db }: Store,
  tenant: string,
  now: Date,
): Promise<{ readonly from: Date; readonly to: Date }> {
  const row = await db
    .selectFrom('customer_link as l')
    .innerJoin('subscription_mirror as s', (join) =>
      join.onRef('s.provider', '=', 'l.provider').onRef('s.customer', '=', 'l.customer'),
    )
    .select(['s.period_start', 's.period_end'])
    .where('l.tenant', '=', tenant)
    .where('s.period_start', '<=', now)
    .where('s.period_end', '>', now)
    .orderBy('s.period_start', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row?.period_start && row.period_end) return { from: row.period_start, to: row.period_end };
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
  return { from: new Date(Date.UTC(year, month, 1)), to: new Date(Date.UTC(year, month + 1, 1)) };
}
