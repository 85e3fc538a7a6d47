/** Whether reservations of a pool that run at the same time keep more GPUs than it has; pure. */
import type { GPUPool, GPUPoolStatus } from '../../api/index.ts';
import { type UpcomingReservation, upcomingReservations } from './upcoming.ts';

/** A moment at which reservations together keep more than there is. */
export interface Overlap {
  /** When it begins, milliseconds since 1970. */
  readonly at: number;
  /** The reservations that run then, of the model where one is named. */
  readonly names: readonly string[];
  readonly gpus: number;
  /** Absent where all GPUs of the pool are counted. */
  readonly model?: string;
  readonly has: number;
}

/** The first such moment of those that are now or within two weeks. */
export function firstOverlap(
  pool: Pick<GPUPool, 'spec'>,
  { capacity, models = [] }: Pick<GPUPoolStatus, 'capacity' | 'models'>,
  now: number,
): Overlap | undefined {
  let running: readonly UpcomingReservation[] = [];
  for (const next of upcomingReservations(pool, now)) {
    // The sum only grows where one begins.
    running = [...running.filter(({ end }) => end > next.start), next];
    const named = next.reservation.model;
    const ofModel = named === undefined ? [] : running.filter(({ reservation }) => reservation.model === named);
    const has = models.find(({ model }) => model === named)?.gpus ?? 0;
    if (ofModel.length > 1 && sumOf(ofModel) > has) return overlap(next.start, ofModel, has, named);
    const all = capacity?.gpus ?? 0;
    if (running.length > 1 && sumOf(running) > all) return overlap(next.start, running, all);
  }
  return undefined;
}

function sumOf(running: readonly UpcomingReservation[]): number {
  return running.reduce((sum, { reservation }) => sum + reservation.gpus, 0);
}

function overlap(at: number, running: readonly UpcomingReservation[], has: number, model?: string): Overlap {
  const names = [...new Set(running.map(({ reservation }) => reservation.name))];
  return { at, names, gpus: sumOf(running), has, ...(model !== undefined && { model }) };
}
