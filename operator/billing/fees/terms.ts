/** The history of what tenants were held to, as the store keeps it: only ever added to, so that a month stays what it was. */
import { type Kysely, sql, type Transaction } from 'kysely';

import type { Tenant } from '../../api/index.ts';
import type { Period } from '../../metering/index.ts';
import type { Reader } from '../../runtime/index.ts';
import type { Schema, Store } from '../../store/index.ts';
import { formatDecimal, parseDecimal } from '../money/decimal.ts';
import { minorOf } from '../money/price.ts';
import { contradicts, planOf } from '../plan/agreed.ts';
import { inForce, readVersions } from '../price-book/factors.ts';
import type { Term } from './month.ts';

/** What a tenant is held to, as its row says it; nothing where the plan is null. */
interface Held {
  readonly plan: string | null;
  readonly currency: string | null;
  readonly fee: string | null;
  readonly minimum: string | null;
  readonly maximum: string | null;
}

const nothing: Held = { plan: null, currency: null, fee: null, minimum: null, maximum: null };

/**
 * Writes down whoever is held to something else than his last row says, from the whole second of `now` (milliseconds since
 * 1970) on. A tenant without spec.billing is charged by nobody, and one whose plan's list has no version in force pays in
 * no currency: they are held to nothing.
 */
export async function keepTerms(store: Store, tenants: readonly Tenant[], reader: Reader, now: number): Promise<void> {
  const currencies = new Map(inForce(await readVersions(store), now).map(({ book, currency }) => [book, currency]));
  const wanted = new Map(tenants.map((tenant) => [tenant.metadata.name, heldTo(tenant, reader, currencies)]));
  const startedAt = Math.floor(now / 1000) * 1000;
  await store.fence.within(async (trx) => {
    const last = await readLast(trx);
    const changed = [...new Set([...wanted.keys(), ...last.keys()])].flatMap((tenant) => {
      const [before, held] = [last.get(tenant), wanted.get(tenant) ?? nothing];
      if (isSame(before?.held ?? nothing, held)) return [];
      // One row a second, and none before the last: a later pass writes it.
      if (before !== undefined && before.startedAt >= startedAt) return [];
      return [{ tenant, started_at: new Date(startedAt), ...held }];
    });
    if (changed.length > 0) await trx.insertInto('plan_term').values(changed).execute();
  });
}

function heldTo(tenant: Tenant, reader: Reader, currencies: ReadonlyMap<string, string>): Held {
  const plan = planOf(tenant, reader);
  const currency = plan && currencies.get(plan.spec.book);
  const isCharged = tenant.spec.billing !== undefined && tenant.metadata.deletionTimestamp === undefined;
  if (plan === undefined || currency === undefined || !isCharged) return nothing;
  const { recurringFee = '0' } = plan.spec;
  const commitment = contradicts(plan.spec.commitment) ? undefined : plan.spec.commitment;
  const minor = (amount: string): string => formatDecimal(minorOf(amount, currency));
  return {
    ...{ plan: plan.metadata.name, currency, fee: minor(recurringFee) },
    minimum: commitment?.minimum === undefined ? null : minor(commitment.minimum),
    maximum: commitment?.maximum === undefined ? null : minor(commitment.maximum),
  };
}

function isSame(a: Held, b: Held): boolean {
  return a.plan === b.plan && a.currency === b.currency && a.fee === b.fee && isBoundSame(a, b);
}

function isBoundSame(a: Held, b: Held): boolean {
  return a.minimum === b.minimum && a.maximum === b.maximum;
}

async function readLast(
  trx: Transaction<Schema>,
): Promise<ReadonlyMap<string, { readonly held: Held; readonly startedAt: number }>> {
  const rows = await trx
    .selectFrom('plan_term')
    .selectAll()
    .distinctOn('tenant')
    .orderBy('tenant')
    .orderBy('started_at', 'desc')
    .execute();
  return new Map(rows.map(({ tenant, started_at, ...held }) => [tenant, { held, startedAt: started_at.getTime() }]));
}

/** A term of a tenant. */
export interface TenantTerm extends Term {
  readonly tenant: string;
}

/** The terms that reach into a span, of one tenant or of all. The last one of each is taken to last. */
export async function readTerms(
  db: Kysely<Schema>,
  { start, end }: Period,
  tenant?: string,
): Promise<readonly TenantTerm[]> {
  const { rows } = await sql<{
    tenant: string;
    started_at: Date;
    ended_at: Date | null;
    plan: string;
    currency: string;
    fee: string;
    minimum: string | null;
    maximum: string | null;
  }>`
    SELECT * FROM (
      SELECT *, lead(started_at) OVER (PARTITION BY tenant ORDER BY started_at) AS ended_at FROM plan_term
      ${tenant === undefined ? sql`` : sql`WHERE tenant = ${tenant}`}
    ) AS t
    WHERE plan IS NOT NULL AND started_at < ${new Date(end)} AND (ended_at IS NULL OR ended_at > ${new Date(start)})
    ORDER BY tenant, started_at`.execute(db);
  return rows.map(({ started_at, ended_at, fee, minimum, maximum, ...row }) => ({
    ...row,
    ...{ start: started_at.getTime(), end: ended_at?.getTime() ?? Number.MAX_SAFE_INTEGER, fee: parseDecimal(fee) },
    ...(minimum !== null && { minimum: parseDecimal(minimum) }),
    ...(maximum !== null && { maximum: parseDecimal(maximum) }),
  }));
}
