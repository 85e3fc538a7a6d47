import type { GPUPool } from '../../api/index.ts';
import { type CronSchedule, parseCron } from './cron.ts';

/** Most occurrences of one reservation that are looked at. */
const OCCURRENCES = 16;

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
