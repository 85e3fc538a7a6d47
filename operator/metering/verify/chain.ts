import { chainHash, chainStart } from '../sealing/chain.ts';
import { emit, type Span } from '../sealing/window.ts';
import type { Mismatch } from './mismatch.ts';

/** A usage window as it is stored; milliseconds since 1970. */
export interface StatedRow {
  readonly tenant: string;
  readonly meter: string;
  readonly model: string;
  readonly profile: string;
  readonly window: Span;
  readonly revision: number;
  readonly exactMs: bigint;
  readonly carryMs: bigint;
  readonly quantity: bigint;
  readonly estimated: boolean;
  readonly previous: string;
  readonly hash: string;
}

/** Recomputes one tenant's chain, row by row in the order in which they were stated. */
export interface ChainCheck {
  add(row: StatedRow): readonly Mismatch[];
  /** The remainders that the rows leave, by meter. */
  remainders(): ReadonlyMap<string, bigint>;
}

/** A check at the beginning of a tenant's chain. After a mismatch it goes on from what is stored, so that one change is one finding. */
export function checkChain(): ChainCheck {
  let head = chainStart;
  const carries = new Map<string, bigint>();
  const revisions = new Map<string, number>();
  const add = (row: StatedRow): readonly Mismatch[] => {
    const { tenant, meter, window, revision, exactMs, carryMs, quantity } = row;
    const at = { tenant, meter, windowStart: new Date(window.start).toISOString() };
    const stated = emit(carries.get(meter) ?? 0n, exactMs);
    const place = `${meter}\n${window.start}`;
    const facts: readonly (readonly [Mismatch['kind'], string | bigint | number, string | bigint | number])[] = [
      ['link', head, row.previous],
      ['hash', chainHash(row.previous, { ...row, start: window.start / 1000, end: window.end / 1000 }), row.hash],
      ['revision', (revisions.get(place) ?? 0) + 1, revision],
      ['quantity', stated.quantity, quantity],
      ['carry', stated.carryMs, carryMs],
    ];
    head = row.hash;
    carries.set(meter, carryMs);
    revisions.set(place, revision);
    return facts
      .filter(([, expected, found]) => expected !== found)
      .map(([kind, expected, found]) => ({ ...at, kind, expected: String(expected), found: String(found) }));
  };
  return { add, remainders: () => carries };
}
