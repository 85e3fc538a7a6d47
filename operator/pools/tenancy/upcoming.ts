import type { GPUPool } from '../../api/index.ts';
import { reservationStarts } from './occurrences.ts';

type Reservation = NonNullable<GPUPool['spec']['reservations']>[number];

/** One time of a reservation, `[start, end)` in milliseconds since 1970. */
export interface UpcomingReservation {
  readonly reservation: Reservation;
  readonly start: number;
  readonly end: number;
}

/** How far ahead calendars are read: whatever runs longer is not started before a booking in any case. */
const AHEAD_MILLIS = 14 * 86_400_000;

/** How long what was read is remembered: to ask a calendar for two weeks takes a while. */
const REMEMBERED_MILLIS = 60_000;
const known = new WeakMap<object, { readonly at: number; readonly upcoming: readonly UpcomingReservation[] }>();

/**
 * The times of a pool's reservations that have not ended at `now`: those that run and those of the next two weeks, by start.
 * One that cannot be read is left out; the pool's condition ReservationsValid says so. Cached pools never change, so only
 * time makes them anew.
 */
export function upcomingReservations(pool: Pick<GPUPool, 'spec'>, now: number): readonly UpcomingReservation[] {
  const before = known.get(pool);
  const isRecent = before !== undefined && now >= before.at && now - before.at < REMEMBERED_MILLIS;
  const upcoming = isRecent ? before.upcoming : read(pool, now);
  if (!isRecent) known.set(pool, { at: now, upcoming });
  return upcoming.filter(({ end }) => end > now);
}

/** In how many milliseconds one of them starts or ends next; Infinity where none does. */
export function nextReservationChange(pool: Pick<GPUPool, 'spec'>, now: number): number {
  const times = upcomingReservations(pool, now).flatMap(({ start, end }) => [start, end]);
  return Math.min(Number.POSITIVE_INFINITY, ...times.filter((time) => time > now).map((time) => time - now));
}

function read({ spec }: Pick<GPUPool, 'spec'>, now: number): readonly UpcomingReservation[] {
  return (spec.reservations ?? [])
    .flatMap((reservation) =>
      reservationStarts(reservation, now, AHEAD_MILLIS).map((start) => {
        return { reservation, start, end: start + reservation.durationSeconds * 1000 };
      }),
    )
    .toSorted((a, b) => a.start - b.start || (a.reservation.name < b.reservation.name ? -1 : 1));
}
