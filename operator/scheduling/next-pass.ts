import { seconds } from '../kube/index.ts';
import type { Decision } from './decide.ts';
import type { Released } from './enact.ts';
import type { Facts } from './observe.ts';

/** How soon a pass that left work behind is followed by another, in milliseconds. */
const SOON_MILLIS = 1;
/** Longest time without a pass. */
const LONGEST_MILLIS = seconds(60);

/** What a pass found, did and left open. */
export interface Open {
  readonly facts: Pick<Facts, 'queue' | 'bindTimeoutMillis' | 'dueMillis' | 'tenancy'>;
  readonly decision: Pick<Decision, 'release' | 'window'>;
  readonly released: Pick<Released, 'pods' | 'left'>;
  /** Notices that were not written yet. */
  readonly unsaid: number;
  /** Milliseconds until status may be written again; 0 when nothing waits for it. */
  readonly again: number;
  /** Whether learning is owed. */
  readonly owed: boolean;
  /** Milliseconds until moves are to be looked at again; 0 when nobody waits for them. */
  readonly movesDue: number;
}

/** Milliseconds until the next pass even if nothing changes. */
export function nextPass({ facts, decision, released, unsaid, again, owed, movesDue }: Open): number {
  if (released.left > 0 || haveFollowers(facts, decision)) return SOON_MILLIS;
  const due = Math.min(facts.dueMillis, released.pods.length > 0 ? facts.bindTimeoutMillis : LONGEST_MILLIS);
  const work = unsaid > 0 || owed ? seconds(1) : again;
  return Math.min(
    due + SOON_MILLIS,
    work > 0 ? work : LONGEST_MILLIS,
    movesDue > 0 ? movesDue : LONGEST_MILLIS,
    bookingDue(facts),
    decision.window.dueMillis,
    LONGEST_MILLIS,
  );
}

/** Whether a gang was released whose other pods follow singly: its own progress wakes nobody. */
function haveFollowers({ queue }: Open['facts'], { release }: Pick<Decision, 'release'>): boolean {
  const gangs = new Set(release.map(({ gang }) => gang));
  return queue.some(({ follows }) => follows !== undefined && gangs.has(follows));
}

/** Milliseconds until the next booking begins or ends: then somebody has other rights than now. */
function bookingDue({ tenancy }: Open['facts']): number {
  const times = tenancy.bookings.flatMap(({ start, end }) => [start, end]);
  const left = times.map((time) => time - tenancy.now).filter((millis) => millis > 0);
  return left.reduce((least, millis) => Math.min(least, millis), Number.POSITIVE_INFINITY);
}
