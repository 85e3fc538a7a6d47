import type { GPUPool } from '../../api/index.ts';
import { type Entitlement, entitlementsOf } from '../../pools/index.ts';
import type { BookedModel, Booking, Quota, Tenancy } from '../planner/index.ts';
import { bookingsOf } from '../reservations/calendar.ts';
import type { TenancySource } from './source.ts';
import { type ShareSample, sampleShares } from './usage.ts';

/** What is known of how tenants share pools. */
export interface TenancyFacts {
  readonly quotas: readonly Quota[];
  readonly tenancy: Tenancy;
  /** What the status of each tenant is to say of its use. */
  readonly shares: ReadonlyMap<string, readonly ShareSample[]>;
}

/**
 * Quotas of every tenant in every pool, what each has used, and the bookings. While a booking runs, its GPUs are
 * guaranteed to its tenant, beside what it is guaranteed otherwise; who may use them until it comes, the booking says.
 */
export function readTenancy(source: TenancySource): TenancyFacts {
  const { pools, tenants, gpus, ends, fixed, now } = source;
  const bookings = pools.flatMap((pool) => bookingsOf(pool, now));
  const quotas = pools.flatMap((pool) => {
    const milli = (gpus.get(pool.metadata.name) ?? 0) * 1000;
    return entitlementsOf(pool, tenants, milli).tenants.map(
      (one): Quota => ({ ...one, ...booked(one, bookings, now) }),
    );
  });
  const { usage, shares } = sampleShares(source);
  return {
    quotas,
    shares,
    tenancy: {
      now,
      usage,
      weights: new Map(pools.map((pool) => [pool.metadata.name, pool.spec.tenancy?.default?.weight ?? 1])),
      reclaims: new Set(pools.filter(reclaims).map((pool) => pool.metadata.name)),
      bookings,
      ends,
      fixed,
    },
  };
}

function reclaims(pool: GPUPool): boolean {
  return pool.spec.scheduling?.preemption !== 'Never';
}

function booked(
  { tenant, pool, guaranteedMilli, limitMilli, lendMilli }: Entitlement,
  bookings: readonly Booking[],
  now: number,
): Partial<Quota> {
  const running = bookings.filter((one) => one.tenant === tenant && one.pool === pool && one.start <= now);
  if (running.length === 0) return {};
  const sumOf = (some: readonly Booking[]): number => some.reduce((sum, one) => sum + one.milli, 0);
  const milli = sumOf(running.filter(({ model }) => model === undefined));
  // What is booked comes on top of a limit, which the admin who booked it wrote for ordinary days.
  return {
    guaranteedMilli: guaranteedMilli + milli,
    limitMilli: limitMilli + milli,
    lendMilli: lendMilli + milli,
    booked: [...Map.groupBy(running, ({ model }) => model)].flatMap(([model, some]): BookedModel[] =>
      model === undefined ? [] : [{ model, milli: sumOf(some) }],
    ),
  };
}
