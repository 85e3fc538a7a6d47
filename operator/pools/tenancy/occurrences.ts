import type { GPUPool } from '../../api/index.ts';
import { type CronSchedule, parseCron } from './cron.ts';

/** Most occurrences of one reservation that are looked at. */
const OCCURRENCES = 16;

/** No pass of a pool waits for longer. */
const CHANGE_AHEAD_MILLIS = 600_000;

type Reservation = NonNullable<GPUPool['spec']['reservations']>[number];

/**
 * When a reservation starts, of all its times that have not ended at `now` and start within `aheadMillis`, in
 * milliseconds since the epoch. One that cannot be read never does; the pool's condition ReservationsValid says so.
 */
export function reservationStarts(
  { startTime, cron, timeZone, durationSeconds }: Reservation,
  now: number,
  aheadMillis: number,
): readonly number[] {
  const begun = now - durationSeconds * 1000;
  if (startTime !== undefined) {
    const start = Date.parse(startTime);
    return start > begun && start < now + aheadMillis ? [start] : [];
  }
  if (cron === undefined) return [];
  return readable(cron, timeZone)?.between(begun + 1, now + aheadMillis, OCCURRENCES) ?? [];
}

function readable(cron: string, timeZone: string | undefined): CronSchedule | undefined {
  try {
    return parseCron(cron, timeZone);
  } catch {
    // The pool's condition says what is wrong with it.
    return undefined;
  }
}

/** GPUs of each model that reservations which run at `now` keep for their tenants. */
export function reservedByModel({ spec }: Pick<GPUPool, 'spec'>, now: number): ReadonlyMap<string, number> {
  const reserved = new Map<string, number>();
  for (const reservation of spec.reservations ?? []) {
    const { model, gpus } = reservation;
    if (model === undefined) continue;
    const running = reservationStarts(reservation, now, 1).filter((start) => start <= now).length;
    if (running > 0) reserved.set(model, (reserved.get(model) ?? 0) + running * gpus);
  }
  return reserved;
}

/** In how many milliseconds a reservation starts or ends next, of those that start within ten minutes or run; Infinity where none does. */
export function nextReservationChange({ spec }: Pick<GPUPool, 'spec'>, now: number): number {
  const times = (spec.reservations ?? []).flatMap((reservation) =>
    reservationStarts(reservation, now, CHANGE_AHEAD_MILLIS).flatMap((start) => [
      start,
      start + reservation.durationSeconds * 1000,
    ]),
  );
  return Math.min(Number.POSITIVE_INFINITY, ...times.filter((time) => time > now).map((time) => time - now));
}
