import type { Snapshot } from './snapshot.ts';
import type { Quota } from './types.ts';

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

/** Milli-GPU that a tenant holds under a quota: on the nodes of its pool, or on all. */
export function usedUnder(snapshot: Snapshot, quota: Quota): number {
  const pools = snapshot.usedMilli.get(quota.tenant);
  if (pools === undefined) return 0;
  if (quota.pool !== undefined) return pools.get(quota.pool) ?? 0;
  let sum = 0;
  for (const milli of pools.values()) sum += milli;
  return sum;
}

/** The quota that forbids `milli` more on nodes of `pool`, with what is left of it; undefined when all allow it. */
export function exceeded(
  allowance: Allowance,
  pool: string | undefined,
  milli: number,
): { readonly quota: Quota; readonly left: number } | undefined {
  if (milli === 0) return undefined;
  for (const quota of allowance.quotas) {
    if (quota.pool !== undefined && quota.pool !== pool) continue;
    const left = quota.limitMilli - usedUnder(allowance.snapshot, quota);
    if (milli > left) return { quota, left };
  }
  return undefined;
}
