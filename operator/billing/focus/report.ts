import { daysOf, readUse, type WindowUse } from '../../metering/index.ts';
import type { Store } from '../../store/index.ts';
import { inForce, type ListVersion, readVersions } from '../price-book/factors.ts';
import { timesOf } from '../usage/question.ts';
import type { Report } from '../usage/report.ts';
import { readCharged } from './charged.ts';
import type { FocusRow } from './columns.ts';
import { csvHead, csvRows } from './csv.ts';
import { readInvoices } from './invoices.ts';
import { monthItemRow, readCreditItems, readPostedItems } from './month-items.ts';
import { focusRow } from './rows.ts';
import { unusedRows, type WholePrice } from './unused.ts';

/** The answer of `gpuopt usage export --format focus`. */
export interface FocusAnswer {
  readonly csv: string;
}

/** `gpuopt usage export --format focus`: windows that begin in the time asked for, and fees of months that end in it. */
export const focusReport: Report<FocusAnswer> = {
  path: '/api/v1/usage/focus',
  read: async (store, asked, now) => {
    const times = timesOf(asked, now);
    const [from, to] = [new Date(times.from), new Date(times.to)];
    let csv = csvHead;
    for await (const rows of focusRows(store, { tenant: asked.tenant ?? undefined, from, to })) csv += csvRows(rows);
    return { csv };
  },
  isAnswer: (value): value is FocusAnswer => 'csv' in value && typeof value.csv === 'string',
};

/**
 * The rows of one tenant or of all: of the windows that begin in [from, to), a day at a time, then of what months that end in
 * it hold besides usage.
 */
export async function* focusRows(
  store: Store,
  { tenant, from, to }: { readonly tenant?: string; readonly from: Date; readonly to: Date },
): AsyncGenerator<readonly FocusRow[]> {
  const [versions, invoices] = [await readVersions(store), await readInvoices(store, from, to)];
  for (const day of daysOf(from, to)) {
    const uses = await readUse(store, day.from, day.to);
    const charged = await readCharged(store, { tenant, ...day }, { uses, versions, invoices });
    const unused = await readUnused(store, uses, versions);
    // Whose part it is depends on everybody, so that it is chosen only now.
    const chosen = unused.filter(({ SubAccountId }) => tenant === undefined || SubAccountId === tenant);
    yield [...charged.map(focusRow), ...chosen];
  }
  const posted = await readPostedItems(store, { tenant, from, to }, invoices);
  const credits = await readCreditItems(store, { tenant, from, to }, invoices);
  yield [...posted, ...credits].map(monthItemRow);
}

/** Unused time of each window by the first list in force that says what becomes of it. */
async function readUnused(
  { db }: Store,
  uses: readonly WindowUse[],
  versions: readonly ListVersion[],
): Promise<readonly FocusRow[]> {
  if (!versions.some(({ idle }) => idle !== undefined)) return [];
  const skus = await db.selectFrom('price_sku').selectAll().where('profile', '=', 'full').execute();
  const links = await db.selectFrom('customer_link').select(['tenant', 'customer']).execute();
  const customers = new Map(links.map((link) => [link.tenant, link.customer]));
  return uses.flatMap((use) => {
    const list = inForce(versions, use.window.start).find(({ idle }) => idle !== undefined);
    if (list?.idle === undefined) return [];
    const { book, version, currency } = list;
    const priceOf = (model: string): WholePrice | undefined => {
      const sku = skus.find((one) => one.book === book && one.version === version && one.model === model);
      return sku && { sku: sku.name, book, version, currency, unitPrice: sku.unit_price };
    };
    return unusedRows({ use, policy: list.idle, priceOf, customerOf: (tenant) => customers.get(tenant) });
  });
}
