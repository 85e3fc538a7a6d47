import { createMeasure, fragmentedMilli, type ShapeCount, type Snapshot, typicalShapes } from '../planner/index.ts';

/** Shares of capacity at which the packing is read, besides the load itself. */
export const READ_AT = [0.5, 0.9, 1.0, 1.3] as const;

/** What is read of a fleet, as fractions 0..1. */
export interface Reading {
  readonly allocated: number;
  /** Idle GPU that typical pods cannot use, as a part of what is idle. */
  readonly fragmented: number;
}

/** Key of a load in the result: one decimal at least, "1.0". */
export function loadKey(load: number): string {
  return Number.isInteger(load * 10) ? load.toFixed(1) : String(load);
}

/** Reads a snapshot; `typical` are the shapes of the whole list. */
export function createReader(snapshot: Snapshot, typical: readonly ShapeCount[]): () => Reading {
  const measure = createMeasure(snapshot, typicalShapes(typical));
  return () => {
    const idle = snapshot.idleMilli.reduce((sum, each) => sum + each, 0);
    return {
      allocated: rounded(1 - idle / Math.max(1, snapshot.capacityMilli), 6),
      fragmented: idle === 0 ? 0 : rounded(fragmentedMilli(measure, snapshot) / idle, 6),
    };
  };
}

/** A number with at most so many digits after the point. */
export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
