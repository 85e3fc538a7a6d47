import type { GPUPool } from '../../api/index.ts';
import { upcomingReservations } from '../../pools/index.ts';
import type { Booking } from '../planner/index.ts';

/** The bookings of a pool that have not ended at `now`, milliseconds since 1970: those that run and those that come, by start. */
export function bookingsOf(pool: GPUPool, now: number): readonly Booking[] {
  return upcomingReservations(pool, now).map(({ reservation, start, end }) => ({
    name: reservation.name,
    pool: pool.metadata.name,
    tenant: reservation.tenant,
    model: reservation.model,
    milli: reservation.gpus * 1000,
    start,
    end,
    preemptible: reservation.backfill === 'Preemptible',
  }));
}
