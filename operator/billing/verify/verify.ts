import { type Mismatch, periodOf, verifyUsage } from '../../metering/index.ts';
import type { Store } from '../../store/index.ts';
import { readPrice } from '../rating/stored.ts';
import { type BilledRow, checkBill } from './bills.ts';
import { verifyItems } from './items.ts';
import { checkMonth } from './months.ts';

/** The answer of `gpuopt usage verify`; counts as integer strings. */
export interface VerifyAnswer {
  /** Rows of usage windows, revisions included. */
  readonly windows: string;
  readonly chains: string;
  readonly mismatches: readonly Mismatch[];
  /** The last hash of each tenant's chain. Kept elsewhere, it shows a tail that was cut off together with its intervals. */
  readonly heads: readonly { readonly tenant: string; readonly hash: string }[];
}

const pageRows = 1000;

/** Recomputes the whole ledger: chains, windows from their intervals, prices, charges, what is sent for them, and months. */
export async function verifyLedger(store: Store): Promise<VerifyAnswer> {
  const { windows, heads, mismatches } = await verifyUsage(store);
  const bills = await verifyBills(store);
  return {
    ...{ windows: String(windows), chains: String(heads.length) },
    mismatches: [...mismatches, ...bills, ...(await verifyItems(store))],
    heads,
  };
}

async function verifyBills(store: Store): Promise<readonly Mismatch[]> {
  const mismatches: Mismatch[] = [];
  const months = new Map<string, Month>();
  for (let after = 0n; ; ) {
    const page = await readBills(store, after);
    for (const { row, month } of page) {
      mismatches.push(...checkBill(row));
      if (month !== undefined) months.set(`${month.tenant}\n${month.start}`, month);
    }
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.id;
  }
  for (const month of months.values()) mismatches.push(...(await verifyMonth(store, month)));
  return mismatches;
}

/** A calendar month in which a tenant's charges depend on each other. */
interface Month {
  readonly tenant: string;
  readonly start: number;
  readonly end: number;
}

/** In one statement: an operator that works on the same ledger charges further windows meanwhile. */
async function verifyMonth({ db }: Store, { tenant, start, end }: Month): Promise<readonly Mismatch[]> {
  const rows = await db
    .selectFrom('charge as c')
    .innerJoin('usage_window as w', 'w.id', 'c.usage_window_id')
    .select(['c.sku', 'c.quantity', 'c.rated_from'])
    .where('w.tenant', '=', tenant)
    .where('w.window_start', '>=', new Date(start))
    .where('w.window_start', '<', new Date(end))
    .execute();
  return [...Map.groupBy(rows, ({ sku }) => sku)].flatMap(([sku, members]) => {
    const charges = members.map(({ quantity, rated_from }) => ({
      from: rated_from === null ? null : BigInt(rated_from),
      quantity: BigInt(quantity),
    }));
    const dependent = charges.some(({ from }) => from !== null);
    return dependent ? checkMonth({ tenant, sku, start, charges }) : [];
  });
}

/** By what a charge was rated: its own price where the month did not matter, else the tiers of its list. */
function ratedBy(row: {
  readonly unit_price: string;
  readonly tiers: string | null;
  readonly rated_from: string | null;
  readonly included: string | null;
}): Pick<BilledRow['charge'], 'rated'> {
  const { unit_price, tiers, rated_from, included } = row;
  if (rated_from === null) return { rated: { rating: { ...readPrice(null, unit_price), included: 0n }, from: 0n } };
  if (included === null) return {};
  return {
    rated: { rating: { ...readPrice(tiers, unit_price), included: BigInt(included) }, from: BigInt(rated_from) },
  };
}

async function readBills(
  store: Store,
  after: bigint,
): Promise<readonly { readonly id: bigint; readonly row: BilledRow; readonly month?: Month }[]> {
  const rows = await store.db
    .selectFrom('charge as c')
    .innerJoin('usage_window as w', 'w.id', 'c.usage_window_id')
    .leftJoin('price_sku as s', (join) =>
      join.onRef('s.book', '=', 'c.book').onRef('s.version', '=', 'c.version').onRef('s.name', '=', 'c.sku'),
    )
    .leftJoin('price_book as b', (join) => join.onRef('b.book', '=', 'c.book').onRef('b.version', '=', 'c.version'))
    .leftJoin('outbox as o', 'o.usage_window_id', 'c.usage_window_id')
    .leftJoin('billing_account as a', 'a.provider', 'o.provider')
    .select(['w.id', 'w.tenant', 'w.meter', 'w.window_start', 'w.window_end', 'w.revision', 'w.quantity'])
    .select(['c.tenant as charged', 'c.sku', 'c.currency', 'c.unit_price', 'c.quantity as rated', 'c.amount'])
    .select(['c.rated_from', 'c.included', 's.tiers'])
    .select(['s.per_hour', 's.unit_price as listed', 'b.currency as list_currency', 'a.account', 'a.mode'])
    .select(['o.identifier', 'o.event_name', 'o.customer', 'o.event_at', 'o.quantity as sent'])
    .select(['o.drift_id', 'o.replaces'])
    .where('w.id', '>', after)
    .orderBy('w.id')
    .limit(pageRows)
    .execute();
  return rows.map((row) => {
    const { sku, currency, amount, unit_price, per_hour, listed, list_currency } = row;
    const { identifier, event_name, customer, event_at, sent, account } = row;
    const isListed = per_hour !== null && listed !== null && list_currency !== null;
    const isSent =
      identifier !== null && event_name !== null && customer !== null && event_at !== null && sent !== null;
    return {
      id: row.id,
      ...(row.rated_from !== null && {
        month: { tenant: row.tenant, ...periodOf('Month', row.window_start.getTime()) },
      }),
      row: {
        ...{ tenant: row.tenant, meter: row.meter, revision: row.revision, quantity: BigInt(row.quantity) },
        ...{ start: row.window_start.getTime(), end: row.window_end.getTime() },
        charge: {
          ...{ tenant: row.charged, sku, currency, amount, unitPrice: unit_price, quantity: BigInt(row.rated) },
          ...ratedBy(row),
          ...(isListed && { listed: { perHour: per_hour, unitPrice: listed, currency: list_currency } }),
        },
        ...(isSent && {
          sent: {
            ...{ identifier, customer, eventName: event_name, at: event_at.getTime(), quantity: BigInt(sent) },
            ...({ account: account ?? '', mode: row.mode === 'live' ? 'live' : 'test' } as const),
            isDifference: row.drift_id !== null || row.replaces !== null,
          },
        }),
      },
    };
  });
}
