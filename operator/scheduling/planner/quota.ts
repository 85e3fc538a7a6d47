import { partKey, type Snapshot } from './snapshot.ts';
import type { PoolPart, Quota } from './types.ts';

/** What a tenant may still take, by the quotas that apply to it. */
export interface Allowance {
  readonly quotas: readonly Quota[];
  readonly snapshot: Snapshot;
  readonly tenant: string;
}

/** The allowance of a tenant, or undefined when no quota limits it. */
export function allowanceOf(
  snapshot: Snapshot,
  quotas: readonly Quota[],
  tenant: string | undefined,
): Allowance | undefined {
  if (tenant === undefined) return undefined;
  const own = quotas.filter((quota) => quota.tenant === tenant);
  return own.length === 0 ? undefined : { quotas: own, snapshot, tenant };
}

/** Milli-GPU that a tenant holds under a quota: on the nodes of its pool, or on all, without what is booked for it. */
export function usedUnder(snapshot: Snapshot, quota: Quota): number {
  const pools = snapshot.usedMilli.get(quota.tenant);
  if (pools === undefined) return 0;
  if (quota.pool !== undefined) return (pools.get(quota.pool) ?? 0) - bookedInUse(snapshot, quota);
  let sum = 0;
  for (const milli of pools.values()) sum += milli;
  return sum;
}

/** Milli-GPU of one model that a tenant holds in a pool. */
export function heldOfModel(
  { usedByModel }: Snapshot,
  tenant: string,
  pool: string | undefined,
  model: string,
): number {
  return usedByModel.get(tenant)?.get(partKey(pool, model)) ?? 0;
}

function bookedInUse(snapshot: Snapshot, { tenant, pool, booked = [] }: Quota): number {
  return booked.reduce((sum, { model, milli }) => sum + Math.min(milli, heldOfModel(snapshot, tenant, pool, model)), 0);
}

/** What is booked for the tenant of a quota and not in use: of one model, or of all where none is given. */
export function bookedIdle(snapshot: Snapshot, { tenant, pool, booked = [] }: Quota, of?: string): number {
  return booked
    .filter(({ model }) => of === undefined || model === of)
    .reduce((sum, { model, milli }) => sum + Math.max(0, milli - heldOfModel(snapshot, tenant, pool, model)), 0);
}

/**
 * The quota that forbids `milli` more on nodes of a pool, of one model where given, with what is left of it; undefined
 * when all allow it.
 */
export function exceeded(
  allowance: Allowance,
  { pool, model }: Partial<PoolPart>,
  milli: number,
): { readonly quota: Quota; readonly left: number } | undefined {
  if (milli === 0) return undefined;
  const { snapshot } = allowance;
  for (const quota of allowance.quotas) {
    if (quota.pool !== undefined && quota.pool !== pool) continue;
    const left = quota.limitMilli - usedUnder(snapshot, quota);
    if (milli > left && milli - bookedIdle(snapshot, quota, model) > left) return { quota, left };
  }
  return undefined;
}
