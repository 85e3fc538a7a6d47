import { capacityMilliOf, type Snapshot } from './snapshot.ts';
import type { Booking, Gang, Quota, Tenancy } from './types.ts';

/** What a tenant would still hold in a pool when a booking starts. */
interface Surviving {
  /** All that is not expected to have ended. */
  milli: number;
  /** The part of it that cannot be evicted. */
  fixedMilli: number;
}

/** A booking with what is expected to be there at its start, or now if it has started. */
interface Watched {
  readonly booking: Booking;
  readonly at: number;
  readonly surviving: Map<string, Surviving>;
}

/** Keeps bookings from being delayed by what is placed. */
export interface BookingGuard {
  /** The booking that a gang just placed would delay. Its pods count from then on; `forget` takes them back. */
  readonly delayedBy: (gang: Gang, borrows: boolean) => Booking | undefined;
}

/**
 * A guard over what a snapshot holds. At the start of each booking the pool must have room for all that its tenant does
 * not hold already, beside what others are expected to hold then (p90). A gang that makes less room than is missing is
 * refused; one that was placed before the booking was made is not to blame and changes nothing.
 */
export function createBookingGuard(snapshot: Snapshot, tenancy: Tenancy, quotas: readonly Quota[]): BookingGuard {
  const watched = tenancy.bookings
    .filter(({ end }) => end > tenancy.now)
    .map((booking): Watched => ({ booking, at: Math.max(tenancy.now, booking.start), surviving: new Map() }));
  for (const one of watched) {
    for (const key of snapshot.taken.keys()) {
      const ends = tenancy.ends.get(key) ?? Number.POSITIVE_INFINITY;
      add(snapshot, one, key, ends, tenancy.fixed.has(key));
    }
  }
  return {
    delayedBy: (gang, borrows) => {
      const ends = gang.runs === undefined ? Number.POSITIVE_INFINITY : tenancy.now + gang.runs.p90;
      let delayed: Booking | undefined;
      for (const one of watched) {
        const before = missing(snapshot, one, watched, quotas, tenancy);
        const fixed = gang.evictable === false || !borrows;
        for (const { key } of gang.members) add(snapshot, one, key, ends, fixed);
        const after = missing(snapshot, one, watched, quotas, tenancy);
        if (after > Math.max(0, before)) delayed ??= one.booking;
      }
      if (delayed === undefined) return undefined;
      for (const one of watched) for (const { key } of gang.members) add(snapshot, one, key, ends, true, -1);
      return delayed;
    },
  };
}

function add(
  snapshot: Snapshot,
  { booking, at, surviving }: Watched,
  key: string,
  ends: number,
  fixed: boolean,
  sign: 1 | -1 = 1,
): void {
  const taken = snapshot.taken.get(key);
  if (taken === undefined || ends <= at || snapshot.nodes[taken.node]?.pool !== booking.pool) return;
  const tenant = taken.tenant ?? '';
  const now = surviving.get(tenant) ?? { milli: 0, fixedMilli: 0 };
  now.milli += sign * taken.chargedMilli;
  now.fixedMilli += fixed ? sign * taken.chargedMilli : 0;
  surviving.set(tenant, now);
}

/** What the tenants with bookings at that time lack, above zero, or how much is spare, below. */
function missing(
  snapshot: Snapshot,
  { booking: { pool, preemptible }, at, surviving }: Watched,
  all: readonly Watched[],
  quotas: readonly Quota[],
  tenancy: Tenancy,
): number {
  const booked = new Map<string, number>();
  for (const { booking } of all) {
    if (booking.pool !== pool || booking.start > at || booking.end <= at) continue;
    booked.set(booking.tenant, (booked.get(booking.tenant) ?? 0) + booking.milli);
  }
  const mayEvict = preemptible && tenancy.reclaims.has(pool);
  let free = capacityOf(snapshot, pool);
  for (const [tenant, held] of surviving) {
    const counts = mayEvict && !booked.has(tenant) ? lasting(held, guaranteeOf(quotas, tenant, pool)) : held.milli;
    free -= counts;
  }
  for (const [tenant, milli] of booked) free -= Math.max(0, milli - (surviving.get(tenant)?.milli ?? 0));
  return -free;
}

/** What stays of a tenant's pods when all that can be reclaimed is evicted. */
function lasting({ milli, fixedMilli }: Surviving, guaranteedMilli: number): number {
  return Math.max(fixedMilli, Math.min(milli, guaranteedMilli));
}

function guaranteeOf(quotas: readonly Quota[], tenant: string, pool: string): number {
  return quotas.find((quota) => quota.tenant === tenant && quota.pool === pool)?.guaranteedMilli ?? 0;
}

function capacityOf({ nodes }: Snapshot, pool: string): number {
  return nodes.reduce((sum, node) => (node.pool === pool && node.schedulable ? sum + capacityMilliOf(node) : sum), 0);
}
