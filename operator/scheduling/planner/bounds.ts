import { bookedIdle, usedUnder } from './quota.ts';
import type { Snapshot } from './snapshot.ts';
import type { Quota } from './types.ts';

/**
 * What a tenant may hold by pool while only guarantees are handed out; nothing in pools that guarantee it nothing.
 * Undefined where it is guaranteed nothing at all.
 */
export function guaranteeBounds(
  quotas: readonly Quota[],
  tenant: string | undefined,
  pools: readonly string[],
): readonly Quota[] | undefined {
  const own = quotas.filter((quota) => quota.tenant === tenant && guaranteesAny(quota));
  if (tenant === undefined || own.length === 0) return undefined;
  const everywhere = quotas.filter((quota) => quota.tenant === tenant && quota.pool === undefined);
  return [
    ...everywhere,
    ...pools.map((pool): Quota => {
      const quota = own.find((one) => one.pool === pool);
      const limitMilli = Math.min(quota?.limitMilli ?? 0, quota?.guaranteedMilli ?? 0);
      return { ...quota, tenant, pool, limitMilli, bound: 'guarantee' };
    }),
  ];
}

function guaranteesAny({ guaranteedMilli = 0, booked = [] }: Quota): boolean {
  return guaranteedMilli > 0 || booked.length > 0;
}

/**
 * What a tenant may hold by pool when it borrows too: its limit, no more than its guarantee where it may not borrow, and
 * nothing of what others keep to themselves of their guarantees. Bounds that bind nothing are left out.
 */
export function borrowBounds(snapshot: Snapshot, quotas: readonly Quota[], tenant: string | undefined): Quota[] {
  if (tenant === undefined) return [];
  return quotas
    .filter((quota) => quota.tenant === tenant)
    .map((quota) => borrowBound(snapshot, quotas, quota))
    .filter(({ limitMilli }) => limitMilli !== Number.POSITIVE_INFINITY);
}

function borrowBound(snapshot: Snapshot, quotas: readonly Quota[], quota: Quota): Quota {
  const { limitMilli, guaranteedMilli = 0, borrows = true, pool } = quota;
  if (!borrows && guaranteedMilli < limitMilli) return { ...quota, limitMilli: guaranteedMilli, bound: 'guarantee' };
  const kept = pool === undefined ? 0 : keptFrom(snapshot, quotas, quota.tenant, pool);
  if (kept === 0 || pool === undefined) return quota;
  const idle = idleMilli(snapshot, pool) - bookedIdle(snapshot, quota);
  const most = Math.max(guaranteedMilli, usedUnder(snapshot, quota) + idle - kept);
  return most < limitMilli ? { ...quota, limitMilli: most, bound: 'lending' } : quota;
}

/** Idle guarantees of other tenants that they do not lend, in thousandths of a GPU. */
function keptFrom(snapshot: Snapshot, quotas: readonly Quota[], tenant: string, pool: string): number {
  return quotas
    .filter((quota) => quota.pool === pool && quota.tenant !== tenant)
    .reduce((kept, quota) => {
      const { guaranteedMilli = 0, lendMilli = guaranteedMilli } = quota;
      if (lendMilli >= guaranteedMilli) return kept;
      return kept + Math.max(0, guaranteedMilli - lendMilli - usedUnder(snapshot, quota));
    }, 0);
}

function idleMilli({ nodes, idleMilli: idle }: Snapshot, pool: string): number {
  return nodes.reduce(
    (sum, node, at) => (node.pool === pool && node.schedulable ? sum + (idle[at] as number) : sum),
    0,
  );
}
