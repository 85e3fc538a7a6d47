/**
 * The states of an outbox row, and what each event makes of them. Times are milliseconds since 1970.
 *
 *   PENDING ──claim──▶ SENDING ──200──▶ ACCEPTED
 *      ▲                 │ ├──duplicate──▶ ACCEPTED_DUP
 *      └──sink refused───┘ ├──other 4xx──▶ REJECTED
 *                          └──unknown, crash──▶ UNKNOWN ──inside guard──▶ SENDING
 *                                                  └──past guard, read back──▶ CONFIRMED | SENDING | HOLD
 *
 * A row that states its whole hour (snapshot.ts) is sent again past the guard too: it replaces, so nothing is read back,
 * unless the database was put back: then the provider may rightly have more than is known here.
 *
 * Where a plan bills late usage otherwise (late.ts), a row whose invoice is final goes to LATE if no attempt can have reached
 * the provider before that, and is else read back: it becomes CONFIRMED, LATE or HOLD.
 *
 * A person ends HOLD by a UsageCorrection (billing/correction): Recorded ──▶ CONFIRMED, Send ──▶ PENDING, or LATE where its
 * invoice is final.
 */
import type { OutboxState } from '../../store/index.ts';
import type { Delivery, SinkCapabilities } from '../sinks/sink.ts';

/** An hour before the provider may forget an identifier we stop trusting it. */
const guardMarginSeconds = 3600;
/** The provider states its sums late; two equal readings this far apart count. */
const settleMillis = 120_000;
/** The guard of rows that a database which was put back may have sent before: the store writes it (migration 0016, doubt.ts). */
const restoredFrom = 0;
const firstBackoffMillis = 1000;
const mostBackoffMillis = 300_000;

const lateHour =
  'the invoice of its time is final, and the sum of an hour that was stated whole does not say whether this row is in it; a UsageCorrection settles it';

/** What decides over a row that is not settled. */
export interface RowFacts {
  readonly eventAt: number;
  readonly quantity: bigint;
  /** When an attempt first could have reached the provider. */
  readonly guardFrom?: number;
  readonly read?: { readonly value: bigint; readonly at: number };
  /** Whether it replaces what the provider has of its hour: then it may come again at any age, unless the database was put back. */
  readonly statesHour?: boolean;
  /** Whether its invoice is final and what is late is billed otherwise: then nothing is sent. */
  readonly late?: boolean;
  /** Whether every attempt came after its invoice was final, so that it is not billed even if it arrived. */
  readonly unbilled?: boolean;
}

/** What to do with a row now. */
export type Step =
  /** `anew`: past its guard, which begins again. */
  | { readonly kind: 'send'; readonly anew?: true }
  | { readonly kind: 'late' }
  | { readonly kind: 'read' }
  | { readonly kind: 'wait'; readonly until: number }
  | { readonly kind: 'hold'; readonly reason: string };

/** The next step of a row: resend the same bytes while the identifier is remembered, afterwards read before anything else. */
export function nextStep(row: RowFacts, capabilities: SinkCapabilities, now: number): Step {
  const age = now - row.eventAt;
  if (row.late === true) {
    if (row.guardFrom === undefined) return { kind: 'late' };
    if (row.statesHour !== true) return readBack(row.read, now);
    return row.unbilled === true ? { kind: 'late' } : { kind: 'hold', reason: lateHour };
  }
  const isPastGuard = row.guardFrom !== undefined && now - row.guardFrom >= guardMillis(capabilities);
  // Also PENDING: a refused attempt may follow one whose outcome nobody knows.
  if (isPastGuard && (row.statesHour !== true || row.guardFrom === restoredFrom)) return readBack(row.read, now);
  if (age >= (capabilities.backdateSeconds - guardMarginSeconds) * 1000) {
    return {
      kind: 'hold',
      reason: `usage is ${Math.floor(age / 86_400_000)} days old and the provider takes none so old`,
    };
  }
  return isPastGuard ? { kind: 'send', anew: true } : { kind: 'send' };
}

/** How long a row may be resent blindly, in milliseconds. */
export function guardMillis(capabilities: SinkCapabilities): number {
  return (capabilities.dedupeSeconds - guardMarginSeconds) * 1000;
}

function readBack(read: RowFacts['read'], now: number): Step {
  if (read === undefined || now - read.at >= settleMillis) return { kind: 'read' };
  return { kind: 'wait', until: read.at + settleMillis };
}

/** What is known of the rest of a row's UTC hour at the provider. */
export interface RestOfHour {
  /** What the provider is known to have recorded without the row. */
  readonly recorded: bigint;
  /** Quantities of the hour's other rows that may have been recorded too and are not settled yet. */
  readonly doubtful: readonly bigint[];
}

/** With more doubtful rows of one hour than this, too many sums are possible for one to prove anything. */
const mostDoubtful = 16;

/**
 * What two readings of the hour say about a row past its guard. It is recorded if the sum can only be explained with it,
 * and absent if only without it, whichever of the doubtful rows are there; one that both explain is unclear.
 */
export function judge(
  quantity: bigint,
  rest: RestOfHour,
  before: bigint | undefined,
  recorded: bigint,
): 'again' | 'recorded' | 'absent' | 'unclear' {
  if (before !== recorded) return 'again';
  if (rest.doubtful.length > mostDoubtful) return 'unclear';
  const possible = sumsOf(rest.recorded, rest.doubtful);
  const isWith = possible.has(recorded - quantity);
  const isWithout = possible.has(recorded);
  if (isWith === isWithout) return 'unclear';
  return isWith ? 'recorded' : 'absent';
}

/** `base` with each choice of the quantities added to it. */
function sumsOf(base: bigint, quantities: readonly bigint[]): ReadonlySet<bigint> {
  let sums = new Set([base]);
  for (const quantity of quantities) sums = new Set([...sums, ...[...sums].map((sum) => sum + quantity)]);
  return sums;
}

/** What an answer makes of a row in SENDING. */
export interface Settled {
  readonly state: OutboxState;
  readonly error?: string;
  readonly nextAttemptAt?: number;
}

/** The state after an attempt. `attempts` counts this one. */
export function settle(delivery: Delivery, attempts: number, now: number): Settled {
  switch (delivery.kind) {
    case 'accepted':
      return { state: 'ACCEPTED' };
    case 'duplicate':
      return { state: 'ACCEPTED_DUP' };
    case 'rejected':
      return { state: 'REJECTED', error: `${delivery.code}: ${delivery.message}` };
    case 'refused':
      return { state: 'PENDING', error: delivery.message };
    case 'unknown':
      return {
        state: 'UNKNOWN',
        error: delivery.reason,
        nextAttemptAt: now + (delivery.retryAfterMillis ?? backoff(attempts)),
      };
  }
}

function backoff(attempts: number): number {
  return Math.min(mostBackoffMillis, firstBackoffMillis * 2 ** Math.min(attempts - 1, 12));
}
