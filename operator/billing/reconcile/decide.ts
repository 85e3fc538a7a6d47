/**
 * What to do about an hour in which a provider's sum is not that of the rows it acknowledged; pure. Quantities are
 * GPU-seconds, times milliseconds since 1970.
 *
 *   (none) ──differs──▶ SEEN ──again──▶ CORRECTED (a correction is frozen)
 *                        │  └─beyond bound, no row of ours, invoice closed──▶ HELD
 *                        └──────────── equal again ◀── CLEARED ───────────────┘
 *
 * A person ends HELD by a UsageCorrection (billing/correction): Send ──▶ CORRECTED, Recorded ──▶ CLEARED.
 */

/** A row of ours in the hour that the provider acknowledged. */
export interface AcknowledgedRow {
  readonly id: bigint;
  readonly quantity: bigint;
  /** Whether the provider reported later that it does not count the row. */
  readonly reported: boolean;
  /** Whether it took the quantity of a rejected row. */
  readonly isReplacement: boolean;
}

/** What is known of an hour. */
export interface HourFacts {
  readonly acknowledged: readonly AcknowledgedRow[];
  /** What the provider states. */
  readonly theirs: bigint;
  /** Rows of the hour on their way: the sums move until they are settled. */
  readonly unsettled: number;
  /** Rows of the hour that are held and may be recorded or not: then no sum proves anything. */
  readonly disputed: boolean;
  /** Whether the invoice of the hour is no longer a draft. */
  readonly invoiced: boolean;
  /** Whether the database was put back to an earlier state since: then rows that were sent may be unknown here. */
  readonly restored: boolean;
  /** Whether the hour was stated again as a whole already, and the provider took it. */
  readonly restated?: boolean;
  /** The reading before, where the sums differed. */
  readonly before?: {
    readonly ours: bigint;
    readonly theirs: bigint;
    readonly at: number;
    /** Whether they are held already: then they need not be read twice again. */
    readonly held: boolean;
  };
}

/** What to do. */
export type Verdict =
  | { readonly kind: 'level' }
  | { readonly kind: 'unsettled' }
  /** Seen for the first time, or the sums have moved: look again. */
  | { readonly kind: 'seen' }
  /** Send the difference under an identifier of its own. */
  | { readonly kind: 'correct'; readonly difference: bigint }
  /** The provider took these rows and does not count them: each is rejected, and another takes its quantity. */
  | { readonly kind: 'replace'; readonly rows: readonly bigint[] }
  | { readonly kind: 'hold'; readonly reason: string };

/** Providers state their sums late; two equal readings this far apart count. */
export const settleMillis = 120_000;

/** Decides over an hour. `bound` is the largest difference that is corrected without a person. */
export function decideHour(facts: HourFacts, bound: bigint, now: number): Verdict {
  const { acknowledged, theirs, before } = facts;
  const ours = sumOf(acknowledged);
  const difference = ours - theirs;
  if (facts.unsettled > 0 || facts.disputed) return { kind: 'unsettled' };
  if (difference === 0n) return { kind: 'level' };
  const isSame = before !== undefined && before.ours === ours && before.theirs === theirs;
  if (!isSame || (!before.held && now - before.at < settleMillis)) return { kind: 'seen' };
  if (acknowledged.length === 0) {
    return hold(`the provider states ${theirs} and nothing was sent from here; something else writes to this meter`);
  }
  if (facts.restored && difference < 0n) {
    return hold(
      'the database was put back to an earlier state since, so the provider may rightly have more than is known here; a UsageCorrection settles it',
    );
  }
  if (facts.restated === true) {
    return hold(
      'the whole hour was stated again and the provider still has another sum; something else writes to this meter, or it adds up what it should replace',
    );
  }
  if (facts.invoiced) {
    return hold(
      'the invoice of the hour is no longer a draft; settle the money there, and take over its sum by a UsageCorrection with held: Recorded',
    );
  }
  if (difference > bound || difference < -bound) {
    return hold(`the difference of ${difference} is beyond ${bound}, up to which differences are corrected`);
  }
  const reported = acknowledged.filter((row) => row.reported);
  if (reported.length === 0 || sumOf(reported) !== difference) return { kind: 'correct', difference };
  if (reported.some(({ isReplacement }) => isReplacement)) {
    return hold(
      'the provider does not count the row that replaced a rejected one either; remove what it reports first',
    );
  }
  return { kind: 'replace', rows: reported.map(({ id }) => id) };
}

function hold(reason: string): Verdict {
  return { kind: 'hold', reason };
}

/** The sum of rows. */
export function sumOf(rows: readonly Pick<AcknowledgedRow, 'quantity'>[]): bigint {
  return rows.reduce((sum, { quantity }) => sum + quantity, 0n);
}
