import { isPartOf } from './eligible.ts';
import { capacityMilliOf, type Snapshot } from './snapshot.ts';
import type { Booking, Gang, PoolPart, Quota, Tenancy } from './types.ts';

/** What a tenant would still hold of one model in a pool when a booking starts. */
interface Surviving {
  /** All that is not expected to have ended. */
  milli: number;
  /** The part of it that cannot be evicted. */
  fixedMilli: number;
}

/** A booking with what is expected to be there at its start, or now if it has started, by tenant and model. */
interface Watched {
  readonly booking: Booking;
  readonly at: number;
  readonly surviving: Map<string, Map<string, Surviving>>;
  /** The part of it on nodes that take no pods: room that nobody has but who holds it. */
  readonly shutMilli: Map<string, number>;
  /** What must not be short: what the booking is of and, beside bookings of other models, the pool as a whole. */
  readonly parts: readonly Part[];
}

interface Part {
  readonly part: PoolPart;
  /** The booking to name when it is short. */
  readonly booking: Booking;
}

/** How a gang would delay a booking. */
export interface Delay {
  readonly booking: Booking;
  /** The GPUs that would be short, and how many of them the booking leaves to others. */
  readonly part: PoolPart;
  readonly spareMilli: number;
}

/** Keeps bookings from being delayed by what is placed. */
export interface BookingGuard {
  /** How a gang that was just placed would delay a booking; if it would not, its pods count from then on. */
  readonly delayedBy: (gang: Gang, borrows: boolean) => Delay | undefined;
  /** Counts a gang no more that delayed nothing and is taken back all the same. */
  readonly forget: (gang: Gang, borrows: boolean) => void;
}

/**
 * A guard over what a snapshot holds. At the start of each booking the pool must have room for all that its tenant does
 * not hold already, beside what others are expected to hold then (p90): of the model that the booking is of, or of any. A
 * gang that makes less room than is missing is refused; one that was placed before the booking was made is not to blame
 * and changes nothing.
 */
export function createBookingGuard(snapshot: Snapshot, tenancy: Tenancy, quotas: readonly Quota[]): BookingGuard {
  const bookings = tenancy.bookings.filter(({ end }) => end > tenancy.now);
  const watched = bookings.map((booking): Watched => {
    const at = Math.max(tenancy.now, booking.start);
    const beside = bookings.filter((one) => one.pool === booking.pool && one.start <= at && one.end > at);
    return { booking, at, surviving: new Map(), shutMilli: new Map(), parts: partsOf(booking, beside) };
  });
  for (const one of watched) {
    for (const key of snapshot.taken.keys()) {
      const ends = tenancy.ends.get(key) ?? Number.POSITIVE_INFINITY;
      add(snapshot, one, key, ends, tenancy.fixed.has(key));
    }
  }
  const missingIn = (one: Watched): readonly number[] =>
    one.parts.map(({ part }) => missing(snapshot, one, part, bookings, quotas, tenancy));
  const count = (one: Watched, gang: Gang, borrows: boolean, sign: 1 | -1): void => {
    const ends = gang.runs === undefined ? Number.POSITIVE_INFINITY : tenancy.now + gang.runs.p90;
    const fixed = gang.evictable === false || !borrows;
    for (const { key } of gang.members) add(snapshot, one, key, ends, fixed, sign);
  };
  const forget = (gang: Gang, borrows: boolean): void => {
    for (const one of watched) count(one, gang, borrows, -1);
  };
  return {
    forget,
    delayedBy: (gang, borrows) => {
      const delays: (Delay & { readonly at: number })[] = [];
      for (const one of watched) {
        const before = missingIn(one);
        count(one, gang, borrows, 1);
        const after = missingIn(one);
        for (const [at, part] of one.parts.entries()) {
          const missed = before[at] as number;
          if ((after[at] as number) > Math.max(0, missed))
            delays.push({ ...part, spareMilli: Math.max(0, -missed), at });
        }
      }
      // What a booking is of comes before the pool as a whole: it says more, and leaves more to the gang.
      const delayed = delays.find(({ at }) => at === 0) ?? delays[0];
      if (delayed !== undefined) forget(gang, borrows);
      return delayed;
    },
  };
}

function partsOf(booking: Booking, beside: readonly Booking[]): readonly Part[] {
  const { pool, model } = booking;
  const own = { part: { pool, model }, booking };
  if (model === undefined || beside.every((one) => one.model === model)) return [own];
  return [own, { part: { pool }, booking: beside.find((one) => one.model === undefined) ?? booking }];
}

function add(
  snapshot: Snapshot,
  { booking, at, surviving, shutMilli }: Watched,
  key: string,
  ends: number,
  fixed: boolean,
  sign: 1 | -1 = 1,
): void {
  const taken = snapshot.taken.get(key);
  const node = taken === undefined ? undefined : snapshot.nodes[taken.node];
  if (taken === undefined || ends <= at || node?.pool !== booking.pool) return;
  const tenant = taken.tenant ?? '';
  const models = surviving.get(tenant) ?? new Map<string, Surviving>();
  const now = models.get(node.model) ?? { milli: 0, fixedMilli: 0 };
  now.milli += sign * taken.chargedMilli;
  now.fixedMilli += fixed ? sign * taken.chargedMilli : 0;
  surviving.set(tenant, models.set(node.model, now));
  if (!node.schedulable) shutMilli.set(node.model, (shutMilli.get(node.model) ?? 0) + sign * taken.chargedMilli);
}

/** What the tenants with bookings at that time lack of a part of the pool, above zero, or how much is spare, below. */
function missing(
  snapshot: Snapshot,
  { booking: { preemptible }, at, surviving, shutMilli }: Watched,
  part: PoolPart,
  bookings: readonly Booking[],
  quotas: readonly Quota[],
  tenancy: Tenancy,
): number {
  const { pool, model } = part;
  const booked = Map.groupBy(
    bookings.filter((one) => one.pool === pool && one.start <= at && one.end > at),
    ({ tenant }) => tenant,
  );
  const mayEvict = preemptible && tenancy.reclaims.has(pool);
  let free = capacityOf(snapshot, part) + shutOf(shutMilli, model);
  for (const [tenant, models] of surviving) {
    const held = heldOf(models, model);
    const beyond = Math.max(0, heldOf(models).milli - guaranteeOf(quotas, tenant, pool));
    free -= mayEvict && !booked.has(tenant) ? Math.max(held.fixedMilli, held.milli - beyond) : held.milli;
  }
  for (const [tenant, own] of booked) free -= lacking(own, surviving.get(tenant) ?? new Map(), model);
  return -free;
}

/** What a tenant lacks of its bookings beside what it holds, of one model or in all. */
function lacking(own: readonly Booking[], models: ReadonlyMap<string, Surviving>, model?: string): number {
  const sumOf = (some: readonly Booking[]): number => some.reduce((sum, { milli }) => sum + milli, 0);
  let [lacks, used] = [0, 0];
  for (const [of, some] of Map.groupBy(own, (one) => one.model)) {
    if (of === undefined || (model !== undefined && of !== model)) continue;
    const [asked, held] = [sumOf(some), heldOf(models, of).milli];
    lacks += Math.max(0, asked - held);
    used += Math.min(asked, held);
  }
  if (model !== undefined) return lacks;
  const ofAny = sumOf(own.filter((one) => one.model === undefined));
  return lacks + Math.max(0, ofAny - (heldOf(models).milli - used));
}

function heldOf(models: ReadonlyMap<string, Surviving>, model?: string): Surviving {
  if (model !== undefined) return models.get(model) ?? { milli: 0, fixedMilli: 0 };
  return [...models.values()].reduce(
    (sum, { milli, fixedMilli }) => ({ milli: sum.milli + milli, fixedMilli: sum.fixedMilli + fixedMilli }),
    { milli: 0, fixedMilli: 0 },
  );
}

function shutOf(shutMilli: ReadonlyMap<string, number>, model: string | undefined): number {
  return [...shutMilli].reduce((sum, [of, milli]) => (model === undefined || of === model ? sum + milli : sum), 0);
}

function guaranteeOf(quotas: readonly Quota[], tenant: string, pool: string): number {
  return quotas.find((quota) => quota.tenant === tenant && quota.pool === pool)?.guaranteedMilli ?? 0;
}

function capacityOf({ nodes }: Snapshot, part: PoolPart): number {
  return nodes.reduce((sum, node) => (isPartOf(node, part) && node.schedulable ? sum + capacityMilliOf(node) : sum), 0);
}
