import { createHash } from 'node:crypto';

import type { ChainHead, MeterSum } from '../../api/index.ts';
import type { Store } from '../../store/index.ts';
import { instant } from './period.ts';
import type { Asked } from './read.ts';

/** The rows of a period in short; meters and heads by name. */
export interface PeriodUsage {
  readonly rows: number;
  readonly sha256: string;
  readonly meters: readonly MeterSum[];
  readonly heads: readonly ChainHead[];
}

const pageRows = 1000;

/** Reads every usage row of a period once, a page at a time. */
export async function readUsage(store: Store, asked: Asked, signal: AbortSignal): Promise<PeriodUsage> {
  const digest = createHash('sha256');
  const sums = new Map<string, bigint>();
  const heads = new Map<string, Row>();
  let rows = 0;
  for (let after: Row | undefined; ; ) {
    signal.throwIfAborted();
    const page = await readPage(store, asked, after);
    for (const row of page) {
      digest.update(`${row.hash}\n`);
      sums.set(row.meter, (sums.get(row.meter) ?? 0n) + BigInt(row.quantity));
      // Later rows of a chain may be revisions of earlier windows.
      if (row.id > (heads.get(row.tenant)?.id ?? 0n)) heads.set(row.tenant, row);
    }
    rows += page.length;
    after = page.at(-1);
    if (after === undefined) break;
  }
  return {
    ...{ rows, sha256: digest.digest('hex') },
    meters: byName(sums).map(([meter, sum]) => ({ meter, quantitySeconds: `${sum}` })),
    heads: byName(heads).map(([tenant, { id, window_start, hash }]) => {
      return { tenant, sequence: `${id}`, windowStartTime: instant(window_start.getTime()), hash };
    }),
  };
}

interface Row {
  readonly id: bigint;
  readonly tenant: string;
  readonly meter: string;
  readonly window_start: Date;
  readonly quantity: string;
  readonly hash: string;
}

async function readPage({ db }: Store, { start, end, tenant }: Asked, after: Row | undefined): Promise<readonly Row[]> {
  return await db
    .selectFrom('usage_window')
    .select(['id', 'tenant', 'meter', 'window_start', 'quantity', 'hash'])
    .where('window_start', '>=', after?.window_start ?? new Date(start))
    .where('window_start', '<', new Date(end))
    .$if(after !== undefined, (query) =>
      query.where(({ eb, refTuple, tuple }) =>
        eb(refTuple('window_start', 'id'), '>', tuple(after?.window_start ?? new Date(start), after?.id ?? 0n)),
      ),
    )
    .$if(tenant !== undefined, (query) => query.where('tenant', '=', tenant ?? ''))
    .orderBy('window_start')
    .orderBy('id')
    .limit(pageRows)
    .execute();
}

/** The entries by name, in code points: the same everywhere, whatever the database sorts by. */
function byName<T>(entries: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
