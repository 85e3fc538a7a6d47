import fc from 'fast-check';
import { expect, test } from 'vitest';

import { decide } from './decide.ts';
import type { NewInterval, OpenInterval, PodFact } from './facts.ts';

const minute = 60_000;
const runs = { numRuns: 400 };

/** What a pod did. */
interface Life {
  readonly uid: string;
  readonly from: number;
  readonly to: number;
  /** Whether our finalizer keeps it listed until its end is stored. */
  readonly held: boolean;
}

const lives = fc
  .array(fc.tuple(fc.nat(200 * minute), fc.nat(120 * minute), fc.boolean()), { maxLength: 8 })
  .map((all) => all.map(([from, length, held], at): Life => ({ uid: `pod-${at}`, from, to: from + length + 1, held })));
/** Spans between passes: seconds, or hours while the operator was away. */
const pauses = fc.array(
  fc.oneof(fc.integer({ min: 500, max: 20_000 }), fc.integer({ min: minute, max: 90 * minute })),
  {
    minLength: 1,
    maxLength: 60,
  },
);

function factOf({ uid, from, to, held }: Life, now: number): PodFact {
  const device = {
    model: 'NVIDIA-L4',
    profile: 'full',
    deviceKey: 'nvidia.com/gpu',
    meter: 'gpu_seconds__l4',
    units: 1,
  };
  const hasEnded = to <= now;
  return {
    ...{ uid, namespace: 'acme', name: uid, tenant: 'acme', early: false, held },
    bound: { node: 'l4', at: from, allocations: [device] },
    ...(hasEnded && { end: { at: to, estimated: false } }),
    leaving: hasEnded,
  };
}

interface Stored extends NewInterval {
  closedAt?: number;
}

/** Plays passes at these moments over these lives; the store and who is still listed are the only memory. */
function play(all: readonly Life[], moments: readonly number[]): readonly Stored[] {
  const stored: Stored[] = [];
  const released = new Set<string>();
  let before: number | undefined;
  for (const now of moments) {
    const listed = all.filter(({ uid, from, to, held }) => from <= now && (held ? !released.has(uid) : now < to));
    const open: OpenInterval[] = stored.filter(({ closedAt }) => closedAt === undefined);
    const plan = decide(
      listed.map((life) => factOf(life, now)),
      open,
      { now, before },
    );
    for (const { uid, deviceKey, end } of plan.close) {
      const one = stored.find((row) => row.uid === uid && row.deviceKey === deviceKey && row.closedAt === undefined);
      if (one !== undefined) one.closedAt = end.at;
    }
    for (const one of plan.open) stored.push({ ...one, closedAt: one.end?.at });
    for (const { uid } of plan.release) released.add(uid);
    before = now;
  }
  return stored;
}

/** Moments with those pauses, and a last one after everything has ended. */
function momentsOf(gaps: readonly number[]): readonly number[] {
  let at = 0;
  const moments = gaps.map((gap) => {
    at += gap;
    return at;
  });
  return [...moments, at + 400 * minute, at + 400 * minute + 1];
}

const lengthOf = (rows: readonly Stored[], uid: string): number =>
  rows.filter((row) => row.uid === uid).reduce((sum, row) => sum + (row.closedAt ?? Number.NaN) - row.openedAt, 0);

test('a pod that is held until its end is stored is metered to the millisecond, whenever the operator looked', () => {
  fc.assert(
    fc.property(lives, pauses, (all, gaps) => {
      const rows = play(all, momentsOf(gaps));
      for (const { uid, from, to, held } of all) if (held) expect(lengthOf(rows, uid)).toBe(to - from);
    }),
    runs,
  );
});

test('a pod that nobody holds is never metered beyond what it held', () => {
  fc.assert(
    fc.property(lives, pauses, (all, gaps) => {
      const rows = play(all, momentsOf(gaps));
      for (const { uid, from, to } of all) {
        const length = lengthOf(rows, uid);
        expect(length >= 0 && length <= to - from).toBe(true);
      }
    }),
    runs,
  );
});

test('no device is held twice at a time by one pod, and nothing stays open when all has ended', () => {
  fc.assert(
    fc.property(lives, pauses, (all, gaps) => {
      const rows = play(all, momentsOf(gaps));
      expect(rows.filter(({ closedAt }) => closedAt === undefined)).toEqual([]);
      for (const own of Map.groupBy(rows, ({ uid }) => uid).values()) {
        const sorted = own.toSorted((a, b) => a.openedAt - b.openedAt);
        for (const [at, row] of sorted.entries()) {
          expect(row.openedAt).toBeGreaterThanOrEqual(sorted[at - 1]?.closedAt ?? 0);
        }
      }
    }),
    runs,
  );
});
