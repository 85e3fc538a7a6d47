/** Whether reservations of a pool that run at the same time keep more GPUs than it has; pure. */
import type { GPUPool, GPUPoolStatus } from '../../api/index.ts';
import { reservationStarts } from './occurrences.ts';

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

/** How far ahead calendars are compared. */
const AHEAD_MILLIS = 14 * 86_400_000;

interface Running {
  readonly name: string;
  readonly model?: string;
  readonly gpus: number;
  readonly start: number;
  readonly end: number;
}

/** The first such moment of those that are now or within two weeks. */
export function firstOverlap(
  { spec }: Pick<GPUPool, 'spec'>,
  { capacity, models = [] }: Pick<GPUPoolStatus, 'capacity' | 'models'>,
  now: number,
): Overlap | undefined {
  const booked = (spec.reservations ?? [])
    .flatMap((reservation): readonly Running[] => {
      const { name, model, gpus, durationSeconds } = reservation;
      const starts = reservationStarts(reservation, now, AHEAD_MILLIS);
      return starts.map((start) => ({ name, model, gpus, start, end: start + durationSeconds * 1000 }));
    })
    .toSorted((left, right) => left.start - right.start);
  let running: readonly Running[] = [];
  for (const next of booked) {
    // The sum only grows where one begins.
    running = [...running.filter(({ end }) => end > next.start), next];
    const ofModel = next.model === undefined ? [] : running.filter(({ model }) => model === next.model);
    const has = models.find(({ model }) => model === next.model)?.gpus ?? 0;
    if (ofModel.length > 1 && sumOf(ofModel) > has) return overlap(next.start, ofModel, has, next.model);
    const all = capacity?.gpus ?? 0;
    if (running.length > 1 && sumOf(running) > all) return overlap(next.start, running, all);
  }
  return undefined;
}

function sumOf(running: readonly Running[]): number {
  return running.reduce((sum, { gpus }) => sum + gpus, 0);
}

function overlap(at: number, running: readonly Running[], has: number, model?: string): Overlap {
  const names = [...new Set(running.map(({ name }) => name))];
  return { at, names, gpus: sumOf(running), has, ...(model !== undefined && { model }) };
}
