/** Whether a person's correction of a window can be applied, and what then happens to what is held in it; pure. */
import type { UsageCorrectionSpec } from '../../api/index.ts';
import { followedMillis } from '../fees/settle.ts';

/** Why a correction is not applied: a reason of the kind's conditions, and a sentence with the remedy. */
export interface Refusal {
  readonly reason:
    | 'AwaitingApproval'
    | 'TenantUnknown'
    | 'SKUUnknown'
    | 'WindowUnknown'
    | 'BelowZero'
    | 'InvoiceClosed'
    | 'TooOld'
    | 'NothingHeld'
    | 'SumsDiffer'
    | 'NameTaken';
  readonly message: string;
}

/** What is asked; GPU-seconds. */
export interface Asked {
  readonly quantity: bigint;
  readonly held: UsageCorrectionSpec['held'];
}

/** What is known of the window and of the hour at the provider; GPU-seconds, times in milliseconds since 1970. */
export interface CorrectionFacts {
  /** What all revisions of the window state together. */
  readonly total: bigint;
  /** When usage of the window counts at the provider. */
  readonly eventAt: number;
  /** Whether the invoice of the hour is no longer a draft. */
  readonly invoiced: boolean;
  /** Whether the plan puts what comes later on the next invoice. */
  readonly takesLate: boolean;
  /** Rows of the hour that are under way. */
  readonly unsettled?: number;
  /** The sum of the hour's rows that the provider acknowledged; undefined where there is none. */
  readonly acknowledged?: bigint;
  /** The sum of the window's rows that are held; undefined where there is none. */
  readonly heldRows?: bigint;
  /** What the provider states of the hour, where a difference is held. */
  readonly theirs?: bigint;
}

/** Whether what a correction says is billed by an item, for the invoice is final; a difference that is held is none of usage. */
export function isLate({ held }: Asked, { invoiced, takesLate, theirs }: CorrectionFacts): boolean {
  return invoiced && takesLate && held !== 'Recorded' && (held === undefined || theirs === undefined);
}

type Rule = (asked: Asked, facts: CorrectionFacts, now: number) => Refusal | undefined;

/** The provider takes usage of the last 35 days; an hour earlier we stop trusting it. */
const sendableMillis = (35 * 24 - 1) * 3_600_000;

const rules: readonly Rule[] = [
  belowZero, // nobody has used less than nothing
  nothingHeld, // an end for what is not held is a mistake of the window
  sumsDiffer, // what counts as recorded must be what the provider has
  invoiceClosed, // what is sent into a closed period is never billed
  tooOld, // what is sent is refused
];

/** Why the correction cannot be applied; undefined where it can. */
export function refusal(asked: Asked, facts: CorrectionFacts, now: number): Refusal | undefined {
  for (const rule of rules) {
    const found = rule(asked, facts, now);
    if (found !== undefined) return found;
  }
  return undefined;
}

function belowZero({ quantity }: Asked, { total }: CorrectionFacts): Refusal | undefined {
  if (total + quantity >= 0n || quantity >= 0n) return undefined;
  return {
    reason: 'BelowZero',
    message: `the window holds ${total} GPU-seconds and ${-quantity} would be taken away; take at most ${total > 0n ? total : 0n}`,
  };
}

function nothingHeld({ held }: Asked, facts: CorrectionFacts): Refusal | undefined {
  if (held === undefined) return undefined;
  if (facts.heldRows === undefined && facts.theirs === undefined) {
    return { reason: 'NothingHeld', message: 'no row and no difference is held in the window; leave spec.held out' };
  }
  if (held === 'Recorded' || facts.theirs === undefined || facts.acknowledged !== undefined) return undefined;
  const message = `the provider states ${facts.theirs} GPU-seconds of the hour and nothing was sent from here, so that there is nothing to send again; remove what else writes to the meter`;
  return { reason: 'NothingHeld', message };
}

function sumsDiffer({ quantity, held }: Asked, facts: CorrectionFacts): Refusal | undefined {
  if (held !== 'Recorded') return undefined;
  if ((facts.unsettled ?? 0) > 0) {
    const message = `${facts.unsettled} rows of the hour are under way, so that its sums still move; it is looked at again when they are settled`;
    return { reason: 'SumsDiffer', message };
  }
  const ours = (facts.acknowledged ?? 0n) + (facts.heldRows ?? 0n);
  const settles = facts.theirs === undefined ? 0n : facts.theirs - ours;
  if (quantity === settles) return undefined;
  const stated = facts.theirs === undefined ? 'no difference is held' : `the provider states ${facts.theirs}`;
  const message = `${stated}, and with what is held this ledger has ${ours} GPU-seconds of the hour: the quantity that makes them equal is ${settles}, not ${quantity}`;
  return { reason: 'SumsDiffer', message };
}

function invoiceClosed(asked: Asked, facts: CorrectionFacts): Refusal | undefined {
  const { quantity, held } = asked;
  const { invoiced } = facts;
  if (isLate(asked, facts)) return held === undefined ? heldBefore(facts) : undefined;
  if (held === 'Recorded' || !invoiced) return undefined;
  return {
    reason: 'InvoiceClosed',
    message: `the invoice of the window is final, so that the provider bills nothing more of it; ${remains(quantity)}`,
  };
}

function tooOld(asked: Asked, facts: CorrectionFacts, now: number): Refusal | undefined {
  const { quantity, held } = asked;
  const { eventAt } = facts;
  const most = isLate(asked, facts) ? followedMillis : sendableMillis;
  if (held === 'Recorded' || now - eventAt < most) return undefined;
  const days = Math.floor((now - eventAt) / 86_400_000);
  if (most === followedMillis) {
    const message = `the window is ${days} days old, and commitments follow what is late for 62 days only; ${remains(quantity)}`;
    return { reason: 'TooOld', message };
  }
  return {
    reason: 'TooOld',
    message: `the window is ${days} days old and the provider takes usage of the last 35 days only; ${remains(quantity)}`,
  };
}

/** What of the window is held was perhaps never billed, so that nothing can be given back or added before that is known. */
function heldBefore({ heldRows }: CorrectionFacts): Refusal | undefined {
  if (heldRows === undefined) return undefined;
  const message = `the invoice of the window is final and ${heldRows} GPU-seconds of it are held, so that nobody knows whether they were billed; end them with a UsageCorrection of spec.held first`;
  return { reason: 'InvoiceClosed', message };
}

/** What a person can still do about money once no usage can be sent. */
function remains(quantity: bigint): string {
  if (quantity < 0n) return `what remains is a credit note at the provider over ${-quantity} GPU-seconds`;
  if (quantity > 0n) return `what remains is an invoice item at the provider over ${quantity} GPU-seconds`;
  return 'what remains is a credit note or an invoice item at the provider, then spec.held: Recorded here';
}
