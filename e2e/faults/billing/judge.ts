import type { PeerTruth } from './peer.ts';

/** What is wrong with a cell's end. */
export interface Verdict {
  /** GPU-seconds of the generated allocations. */
  readonly truth: bigint;
  /** GPU-seconds that the peer has counted. */
  readonly billed: bigint;
  /** GPU-seconds missing, and GPU-seconds too many, summed over customers, meters and hours. */
  readonly lost: bigint;
  readonly surplus: bigint;
  /** Identifiers that were counted more than once. */
  readonly doubled: number;
  readonly violations: readonly string[];
}

/** Rows that stand at the end, by state; what may still be under way is a violation. */
export type States = Readonly<Record<string, number>>;

const settled = ['ACCEPTED', 'ACCEPTED_DUP', 'CONFIRMED'];

/**
 * Compares the peer's record with the integral of the world, hour by hour, and the outbox with what may be left in it. An
 * identifier may come twice where only the newest event of an hour counts.
 */
export function judge(
  truth: ReadonlyMap<string, bigint>,
  peer: PeerTruth,
  states: States,
  counts: 'each' | 'newest' = 'each',
): Verdict {
  const billed = new Map(
    peer.hours.map(({ customer, eventName, hour, value }) => [`${customer} ${eventName} ${hour}`, BigInt(value)]),
  );
  const keys = [...new Set([...truth.keys(), ...billed.keys()])].toSorted();
  const differences = keys.map((key) => ({ key, by: (billed.get(key) ?? 0n) - (truth.get(key) ?? 0n) }));
  const sum = (values: Iterable<bigint>): bigint => [...values].reduce((total, value) => total + value, 0n);
  const lost = -sum(differences.filter(({ by }) => by < 0n).map(({ by }) => by));
  const surplus = sum(differences.filter(({ by }) => by > 0n).map(({ by }) => by));
  const doubled = counts === 'each' ? doubledIn(peer) : [];
  const left = Object.entries(states).filter(([state, rows]) => rows > 0 && !settled.includes(state));
  return {
    truth: sum(truth.values()),
    billed: sum(billed.values()),
    lost,
    surplus,
    doubled: doubled.length,
    violations: [
      ...differences
        .filter(({ by }) => by !== 0n)
        .map(({ key, by }) => `${key}: billed ${billed.get(key) ?? 0n}, true ${truth.get(key) ?? 0n}, ${by} GPU-s`),
      ...doubled.map((identifier) => `${identifier} was counted twice`),
      ...left.map(([state, rows]) => `${rows} rows of the outbox are ${state} at the end`),
    ],
  };
}

function doubledIn({ events }: PeerTruth): readonly string[] {
  const counted = events.filter(({ state, voided }) => state === 'counted' && !voided);
  const groups = Map.groupBy(counted, ({ identifier }) => identifier);
  return [...groups].filter(([, all]) => all.length > 1).map(([identifier]) => identifier);
}
