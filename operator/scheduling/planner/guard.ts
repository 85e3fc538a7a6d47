import type { Attempt } from './admission.ts';
import { type BookingGuard, createBookingGuard, type Delay } from './bookings.ts';
import { isPartOf } from './eligible.ts';
import { type Ending, endOf, type HeadPlace, headPlace, holdingsOf } from './head.ts';
import type { Planner } from './place.ts';
import { gpuAmount } from './sentences.ts';
import type { Gang, HeldBack, Holding, Placement, PlanInput, PoolPart, Tenancy } from './types.ts';

/** Why a gang must not start where it was placed. */
export interface Refusal {
  readonly heldBack: HeldBack;
  /** The GPUs that are kept, where it may start beside them. */
  readonly part?: PoolPart;
}

/** Conservative backfill: what is placed must delay neither a booking nor the first gang that waits for room. */
export interface Guard {
  /** Why a gang that was just placed must not start there after all; undefined when it may, and then it counts. */
  readonly refuses: (gang: Gang, placed: readonly Placement[], borrows: boolean) => Refusal | undefined;
  /** Tells of a gang that finds no room within its rights; the first of which it is known when it will is kept a place. */
  readonly waits: (attempt: Attempt) => void;
}

/** Gangs without room for which a place is looked for until one has an expected place: each look is one more plan. */
const HEADS_TRIED = 8;

type Request = Pick<PlanInput, 'quotas' | 'tenancy'> & { readonly held?: readonly Holding[] };

/** A guard for one plan; without tenancy it lets everything through. */
export function createGuard(planner: Planner, request: Request): Guard {
  const { tenancy } = request;
  if (tenancy === undefined) return { refuses: () => undefined, waits: () => undefined };
  const bookings = createBookings(planner, request, tenancy);
  const held: Ending[] = (request.held ?? []).map((holding) => ({
    holding,
    end: tenancy.ends.get(holding.key) ?? Number.POSITIVE_INFINITY,
  }));
  let anyEnds = tenancy.ends.size > 0;
  let tries = 0;
  let head: (HeadPlace & { readonly reclaims: boolean }) | undefined;
  return {
    refuses: (gang, placed, borrows) => {
      const delay = bookings?.delayedBy(gang, borrows);
      if (delay !== undefined) return { heldBack: delayed(planner, delay, gang, placed), part: delay.part };
      const gives = borrows && gang.evictable !== false && head?.reclaims === true;
      if (head !== undefined && !gives && head.isTakenBy(gang, placed)) {
        bookings?.forget(gang, borrows);
        return { heldBack: headSentence(head, gang) };
      }
      const end = endOf(gang, tenancy.now);
      anyEnds ||= end !== Number.POSITIVE_INFINITY;
      held.push(...holdingsOf(gang, placed).map((holding) => ({ holding, end })));
      return undefined;
    },
    waits: ({ gang, quotas, borrows }) => {
      if (head !== undefined || !anyEnds || tries >= HEADS_TRIED) return;
      tries += 1;
      const place = headPlace(planner, gang, quotas, tenancy, held);
      if (place !== undefined) head = { ...place, reclaims: !borrows && tenancy.reclaims.size > 0 };
    },
  };
}

function createBookings(planner: Planner, { quotas }: Request, tenancy: Tenancy): BookingGuard | undefined {
  return tenancy.bookings.length === 0 ? undefined : createBookingGuard(planner.snapshot, tenancy, quotas);
}

const DECLARE = 'declare how long it runs with the annotation gpuoptimizer.io/expected-duration, for example "90m"';

function delayed(
  { snapshot }: Planner,
  { booking, part, spareMilli }: Delay,
  { runs }: Gang,
  placed: readonly Placement[],
): HeldBack {
  const there = (name: string): boolean => {
    const node = snapshot.nodes[snapshot.indexOf.get(name) ?? -1];
    return node !== undefined && isPartOf(node, part);
  };
  const need = placed.reduce((sum, { node, gpuMilli }) => (there(node) ? sum + gpuMilli : sum), 0);
  const from = new Date(booking.start).toISOString().slice(0, 16).replace('T', ' ');
  const what = `${gpuAmount(booking.milli)}${booking.model === undefined ? '' : ` of ${booking.model}`}`;
  const kept = `pool ${booking.pool} keeps ${what} for tenant ${booking.tenant} from ${from} UTC (reservation ${booking.name})`;
  const why = runs === undefined ? `how long it runs is not known; ${DECLARE}` : 'it would not have ended by then';
  const sentence = `${kept}, it needs ${gpuAmount(need)} there and ${gpuAmount(spareMilli)} can be had beside that, and ${why}`;
  return { blocker: 'Reservation', sentence, need, have: spareMilli };
}

function headSentence({ gang, at }: HeadPlace, { runs }: Gang): HeldBack {
  const from = new Date(at).toISOString().slice(0, 16).replace('T', ' ');
  const why = runs === undefined ? `how long it runs is not known; ${DECLARE}` : 'it would not have ended by then';
  return {
    blocker: 'Reservation',
    sentence: `${gang.key} waits before it and is expected to start at ${from} UTC where it would go, and ${why}`,
  };
}
