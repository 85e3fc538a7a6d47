import type { GPUPool, Tenant } from '../../api/index.ts';

/** What one tenant may use of one pool, in thousandths of a GPU; defaults of the pool are filled in. */
export interface Entitlement {
  readonly tenant: string;
  readonly pool: string;
  /** What it gets before anybody borrows, shrunk in proportion while the pool promises more than it has. */
  readonly guaranteedMilli: number;
  /** The most it may hold; Infinity without a limit. */
  readonly limitMilli: number;
  readonly weight: number;
  readonly borrows: boolean;
  /** How much of the guarantee others may borrow while it is idle. */
  readonly lendMilli: number;
  /** Priorities above count as this one; Infinity without a cap. */
  readonly maxPriority: number;
}

/** What the tenants of a pool may use of it. */
export interface Entitlements {
  readonly tenants: readonly Entitlement[];
  /** The sum of all guarantees as written, and what the pool has. */
  readonly guaranteedMilli: number;
  readonly capacityMilli: number;
  /** Whether the pool can keep every guarantee as written. */
  readonly feasible: boolean;
}

/**
 * What each tenant may use of a pool. Guarantees that add up to more than the pool has shrink in proportion, rounded
 * down, so that their sum never exceeds the capacity.
 */
export function entitlementsOf(pool: GPUPool, tenants: readonly Tenant[], capacityMilli: number): Entitlements {
  const living = tenants.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const written = living.map((tenant) => entitlement(pool, tenant));
  const sum = written.reduce((total, { guaranteedMilli }) => total + guaranteedMilli, 0);
  const feasible = sum <= capacityMilli;
  const shrunk = (milli: number): number => Math.floor((milli * capacityMilli) / sum);
  return {
    tenants: feasible
      ? written
      : written.map((one) => ({
          ...one,
          guaranteedMilli: shrunk(one.guaranteedMilli),
          lendMilli: shrunk(one.lendMilli),
        })),
    guaranteedMilli: sum,
    capacityMilli,
    feasible,
  };
}

function entitlement(pool: GPUPool, tenant: Tenant): Entitlement {
  const { default: defaults, borrowing } = pool.spec.tenancy ?? {};
  const quota = tenant.spec.quotas?.find((one) => one.pool === pool.metadata.name);
  const limit = quota?.limit ?? Number.POSITIVE_INFINITY;
  const guaranteed = Math.min(limit, quota?.guaranteed ?? defaults?.guaranteed ?? 0);
  return {
    tenant: tenant.metadata.name,
    pool: pool.metadata.name,
    guaranteedMilli: guaranteed * 1000,
    limitMilli: limit * 1000,
    weight: quota?.weight ?? defaults?.weight ?? 1,
    borrows: borrowing !== 'None' && quota?.borrow !== 'None',
    lendMilli: Math.min(guaranteed, quota?.lend ?? guaranteed) * 1000,
    maxPriority: quota?.maxPriority ?? Number.POSITIVE_INFINITY,
  };
}
