import { type Mismatch, verifyUsage } from '../../metering/index.ts';
import type { Store } from '../../store/index.ts';
import { type BilledRow, checkBill } from './bills.ts';

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

/** Recomputes the whole ledger: chains, windows from their intervals, prices, charges and what is sent for them. */
export async function verifyLedger(store: Store): Promise<VerifyAnswer> {
  const { windows, heads, mismatches } = await verifyUsage(store);
  const bills = await verifyBills(store);
  return {
    ...{ windows: String(windows), chains: String(heads.length) },
    mismatches: [...mismatches, ...bills],
    heads,
  };
}

async function verifyBills(store: Store): Promise<readonly Mismatch[]> {
  const mismatches: Mismatch[] = [];
  for (let after = 0n; ; ) {
    const page = await readBills(store, after);
    for (const { row } of page) mismatches.push(...checkBill(row));
    const last = page.at(-1);
    if (last === undefined) return mismatches;
    after = last.id;
  }
}

async function readBills(
  store: Store,
  after: bigint,
): Promise<readonly { readonly id: bigint; readonly row: BilledRow }[]> {
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
    .select('c.rated_from')
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
      row: {
        ...{ tenant: row.tenant, meter: row.meter, revision: row.revision, quantity: BigInt(row.quantity) },
        ...{ start: row.window_start.getTime(), end: row.window_end.getTime() },
        charge: {
          ...{ tenant: row.charged, sku, currency, amount, unitPrice: unit_price, quantity: BigInt(row.rated) },
          dependsOnMonth: row.rated_from !== null,
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
