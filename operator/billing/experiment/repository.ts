import type { Transaction } from 'kysely';

import type { PriceExperiment, Tenant } from '../../api/index.ts';
import type { Schema } from '../../store/index.ts';
import { armOf } from './decide.ts';

/** What a tenant has of an experiment; neither arm nor book where he takes no part. */
export interface Assignment {
  readonly tenantUid: string;
  readonly arm?: string;
  readonly book?: string;
}

/** What was given so far. */
export async function readAssignments(
  trx: Pick<Transaction<Schema>, 'selectFrom'>,
  experimentUid: string,
): Promise<readonly Assignment[]> {
  const rows = await trx
    .selectFrom('experiment_assignment')
    .select(['tenant_uid', 'arm', 'book'])
    .where('experiment_uid', '=', experimentUid)
    .execute();
  return rows.map(({ tenant_uid, arm, book }) => {
    return { tenantUid: tenant_uid, ...(arm !== null && book !== null && { arm, book }) };
  });
}

/**
 * Gives each tenant that has none an arm, once. Whoever is charged already, by a list that he knows, takes no part: he was
 * a customer before he came to the plan, or before the experiment was there. What a tenant's status says of the experiment
 * holds, where the table was lost or the experiment made anew under its name: prices that were sold do not change.
 */
export async function assign(
  trx: Transaction<Schema>,
  { metadata, spec }: PriceExperiment,
  tenants: readonly Tenant[],
  now: Date,
): Promise<void> {
  const uid = metadata.uid ?? '';
  const known = new Set((await readAssignments(trx, uid)).map(({ tenantUid }) => tenantUid));
  const fresh = tenants.filter((tenant) => !known.has(tenant.metadata.uid ?? ''));
  if (fresh.length === 0) return;
  const links = await trx.selectFrom('customer_link').select('tenant').execute();
  const charged = new Set(links.map(({ tenant }) => tenant));
  const values = fresh.map((tenant) => {
    const isCharged = charged.has(tenant.metadata.name) || tenant.status?.subscriptionId !== undefined;
    const arm =
      saidOf(metadata.name, spec, tenant) ?? (isCharged ? undefined : armOf(uid, tenant.metadata.uid ?? '', spec.arms));
    return {
      ...{ experiment_uid: uid, experiment: metadata.name, tenant_uid: tenant.metadata.uid ?? '' },
      ...{ tenant: tenant.metadata.name, arm: arm?.name ?? null, book: arm?.book ?? null, assigned_at: now },
    };
  });
  await trx
    .insertInto('experiment_assignment')
    .values(values)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

function saidOf(
  experiment: string,
  { planRef }: PriceExperiment['spec'],
  { status }: Tenant,
): { readonly name: string; readonly book: string } | undefined {
  const { name, plan, arm, book } = status?.priceExperiment ?? {};
  if (name !== experiment || plan !== planRef.name || arm === undefined || book === undefined) return undefined;
  return { name: arm, book };
}
