import { sql } from 'kysely';

import type { ChainHead } from '../../api/index.ts';
import type { Period } from '../../metering/index.ts';
import type { Store } from '../../store/index.ts';
import type { Facts } from './decide.ts';

/** What is recorded: windows that begin in the period, of one tenant or of all. */
export interface Asked extends Period {
  readonly tenant?: string;
}

/** Reads what decides whether a period can be recorded. */
export async function readFacts({ db }: Store, { start, end, tenant }: Asked): Promise<Facts> {
  const { sealed } = await db
    .selectFrom('sealed_grid')
    .select(({ fn }) => fn.max('window_end').as('sealed'))
    .executeTakeFirstOrThrow();
  const late = await db
    .selectFrom('late_change')
    .select('id')
    .where('from_at', '<', new Date(end))
    .where('to_at', '>', new Date(start))
    .$if(tenant !== undefined, (query) => query.where('tenant', '=', tenant ?? ''))
    .limit(1)
    .executeTakeFirst();
  return {
    ...(sealed !== null && { sealedThrough: sealed.getTime() }),
    revisionsDue: late !== undefined,
    tenantKnown: tenant === undefined || (await hasUsage(db, tenant)),
  };
}

async function hasUsage(db: Store['db'], tenant: string): Promise<boolean> {
  const row = await db.selectFrom('usage_window').select('id').where('tenant', '=', tenant).limit(1).executeTakeFirst();
  return row !== undefined;
}

/** The number of rows of a period: they are only ever added. */
export async function countRows({ db }: Store, { start, end, tenant }: Asked): Promise<number> {
  const { count } = await db
    .selectFrom('usage_window')
    .select(({ fn }) => fn.countAll<bigint>().as('count'))
    .where('window_start', '>=', new Date(start))
    .where('window_start', '<', new Date(end))
    .$if(tenant !== undefined, (query) => query.where('tenant', '=', tenant ?? ''))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/**
 * The recorded heads that the ledger lacks. A row is found by what it says, not by its number: after a restore the same
 * row may have another.
 */
export async function missingHeads({ db }: Store, heads: readonly ChainHead[]): Promise<readonly ChainHead[]> {
  const [tenants, hashes] = [heads.map(({ tenant }) => tenant), heads.map(({ hash }) => hash)];
  const starts = heads.map(({ windowStartTime }) => windowStartTime);
  const { rows } = await sql<{ hash: string }>`
    SELECT h.hash FROM unnest(${tenants}::text[], ${starts}::timestamptz[], ${hashes}::text[]) AS h (tenant, start, hash)
    WHERE NOT EXISTS (SELECT FROM usage_window AS w
      WHERE w.tenant = h.tenant AND w.window_start = h.start AND w.hash = h.hash)`.execute(db);
  const missing = new Set(rows.map(({ hash }) => hash));
  return heads.filter(({ hash }) => missing.has(hash));
}
