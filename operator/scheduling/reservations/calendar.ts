import type { GPUPool } from '../../api/index.ts';
import { reservationStarts } from '../../pools/index.ts';
import type { Booking } from '../planner/index.ts';

/** How far ahead bookings count, in milliseconds: whatever runs longer is not started before a booking in any case. */
const AHEAD_MILLIS = 14 * 86_400_000;

/** How long the bookings of a pool are remembered, in milliseconds: to ask a calendar for two weeks takes a while. */
const REMEMBERED_MILLIS = 60_000;
const known = new WeakMap<GPUPool, { readonly at: number; readonly bookings: readonly Booking[] }>();

/**
 * The bookings of a pool that have not ended: those that run and those that come, by start. One that cannot be read is
 * left out; the pool's condition ReservationsValid says so. Cached pools never change, so only time makes them anew.
 */
export function bookingsOf(pool: GPUPool, now: number): readonly Booking[] {
  const before = known.get(pool);
  const isRecent = before !== undefined && now >= before.at && now - before.at < REMEMBERED_MILLIS;
  const bookings = isRecent ? before.bookings : readBookings(pool, now);
  if (!isRecent) known.set(pool, { at: now, bookings });
  return bookings.filter(({ end }) => end > now);
}

function readBookings(pool: GPUPool, now: number): readonly Booking[] {
  return (pool.spec.reservations ?? [])
    .flatMap((reservation) =>
      reservationStarts(reservation, now, AHEAD_MILLIS).map(
        (start): Booking => ({
          name: reservation.name,
          pool: pool.metadata.name,
          tenant: reservation.tenant,
          model: reservation.model,
          milli: reservation.gpus * 1000,
          start,
          end: start + reservation.durationSeconds * 1000,
          preemptible: reservation.backfill === 'Preemptible',
        }),
      ),
    )
    .sort((left, right) => left.start - right.start || (left.name < right.name ? -1 : 1));
}
