/** Whether a period can be recorded; pure. Times are milliseconds since 1970. */
import type { Period } from '../../metering/index.ts';
import { instant } from './period.ts';

/** What the ledger says about a period. */
export interface Facts {
  /** The end of the last sealed window; undefined before the first. */
  readonly sealedThrough?: number;
  /** Whether late news of the period is not stated yet. */
  readonly revisionsDue: boolean;
  /** Whether the ledger has any usage of the tenant that is asked about; true where none is named. */
  readonly tenantKnown: boolean;
}

/** Why a period is not recorded; `after` in milliseconds. */
export interface Obstacle {
  readonly reason: 'PeriodTooLong' | 'PeriodOpen' | 'NotSealed' | 'RevisionsDue' | 'LedgerChanged' | 'TenantUnknown';
  readonly message: string;
  readonly after: number;
}

type Rule = (period: Period, facts: Facts, now: number) => Obstacle | undefined;

const minute = 60_000;
const hour = 3_600_000;
const mostDays = 366;

/** The ledger got rows of the period while it was read, so that its parts would not be of one state. */
export const changedMeanwhile: Obstacle = {
  reason: 'LedgerChanged',
  message: 'the ledger got rows of the period while it was read; it is read again',
  after: minute,
};

const rules: readonly Rule[] = [
  periodTooLong, // every reading is bounded
  periodOpen, // what has not ended cannot be sealed
  notSealed, // each window of the period states its usage first
  revisionsDue, // what came late belongs to the period too
  tenantUnknown, // a record of nothing under a mistyped name would look like proof
];

/** Why the period cannot be recorded now; undefined where it can. */
export function obstacle(period: Period, facts: Facts, now: number): Obstacle | undefined {
  for (const rule of rules) {
    const found = rule(period, facts, now);
    if (found !== undefined) return found;
  }
  return undefined;
}

function periodTooLong({ start, end }: Period): Obstacle | undefined {
  const days = Math.ceil((end - start) / (24 * hour));
  if (days <= mostDays) return undefined;
  const message = `the period spans ${days} days; create several reports of at most ${mostDays} days`;
  return { reason: 'PeriodTooLong', message, after: hour };
}

function periodOpen({ end }: Period, _: Facts, now: number): Obstacle | undefined {
  if (now >= end) return undefined;
  const message = `the period ends at ${instant(end)}; it is recorded once its last window is sealed, minutes later`;
  return { reason: 'PeriodOpen', message, after: Math.min(end - now, hour) };
}

function notSealed({ end }: Period, { sealedThrough }: Facts): Obstacle | undefined {
  if (sealedThrough !== undefined && sealedThrough >= end) return undefined;
  const through = sealedThrough === undefined ? 'no window is sealed yet' : `sealed through ${instant(sealedThrough)}`;
  const message = `${through}, and the period ends at ${instant(end)}; it is recorded once windows are sealed until then`;
  return { reason: 'NotSealed', message, after: minute };
}

function revisionsDue(_: Period, facts: Facts): Obstacle | undefined {
  if (!facts.revisionsDue) return undefined;
  const message = 'late news of the period is not yet stated as revisions; it is recorded once metering has done that';
  return { reason: 'RevisionsDue', message, after: minute };
}

function tenantUnknown(_: Period, { tenantKnown }: Facts): Obstacle | undefined {
  if (tenantKnown) return undefined;
  const message = 'the ledger has no usage of this tenant, at no time; correct spec.tenantRef.name';
  return { reason: 'TenantUnknown', message, after: hour };
}
