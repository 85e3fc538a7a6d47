import type { Store } from '../../store/index.ts';
import { timesOf } from '../usage/question.ts';
import type { Report } from '../usage/report.ts';
import { csvOf } from './csv.ts';
import { type Charged, focusRow } from './rows.ts';

/** The answer of `gpuopt usage export --format focus`. */
export interface FocusAnswer {
  readonly csv: string;
}

/** `gpuopt usage export --format focus`: windows that begin in the time asked for. */
export const focusReport: Report<FocusAnswer> = {
  path: '/api/v1/usage/focus',
  read: async (store, asked, now) => {
    const { from, to } = timesOf(asked, now);
    const charged = await readCharged(store, asked.tenant ?? undefined, new Date(from), new Date(to));
    return { csv: csvOf(charged.map(focusRow)) };
  },
  isAnswer: (value): value is FocusAnswer => 'csv' in value && typeof value.csv === 'string',
};

async function readCharged(
  { db }: Store,
  tenant: string | undefined,
  from: Date,
  to: Date,
): Promise<readonly Charged[]> {
  const rows = await db
    .selectFrom('charge as c')
    .innerJoin('usage_window as w', 'w.id', 'c.usage_window_id')
    .leftJoin('outbox as o', 'o.usage_window_id', 'w.id')
    .select(['w.tenant', 'w.model', 'w.profile', 'w.window_start', 'w.window_end', 'c.quantity', 'c.sku', 'c.book'])
    .select(['c.version', 'c.currency', 'c.unit_price', 'c.amount', 'o.provider', 'o.customer'])
    .where('w.window_start', '>=', from)
    .where('w.window_start', '<', to)
    // What tells a provider a difference charges nothing.
    .where('c.quantity', '<>', '0')
    .$if(tenant !== undefined, (query) => query.where('w.tenant', '=', tenant ?? ''))
    .orderBy('w.window_start')
    .orderBy('w.id')
    .execute();
  return rows.map(({ window_start, window_end, quantity, unit_price, provider, customer, ...row }) => ({
    ...row,
    ...{ start: window_start.getTime(), end: window_end.getTime(), quantity: BigInt(quantity), unitPrice: unit_price },
    ...{ provider: provider ?? undefined, customer: customer ?? undefined },
  }));
}
