import type { ChainHead, UsageRecord, UsageReportStatus } from '../../api/index.ts';
import type { ConditionIntent, StatusIntent } from '../../runtime/index.ts';
import type { Obstacle } from './decide.ts';

/** The status of a report whose period is not recorded: it waits, or a person must correct it. */
export function unrecorded({ reason, message }: Obstacle): StatusIntent<UsageReportStatus> {
  return { conditions: [{ type: 'Ready', status: isMistake(reason) ? 'False' : 'Unknown', reason, message }] };
}

function isMistake(reason: Obstacle['reason']): boolean {
  return reason === 'PeriodTooLong' || reason === 'TenantUnknown';
}

/** The status of a report whose period is recorded, and whether the ledger still has it. */
export function recorded(record: UsageRecord, missing: readonly ChainHead[]): StatusIntent<UsageReportStatus> {
  const message = `${record.rows} rows of windows that begin from ${record.fromTime} to before ${record.toTime}`;
  return {
    record,
    conditions: [{ type: 'Ready', status: 'True', reason: 'Recorded', message }, verified(record, missing)],
  };
}

function verified({ heads, headsLeftOut }: UsageRecord, missing: readonly ChainHead[]): ConditionIntent {
  const [first] = missing;
  if (first !== undefined) {
    return { type: 'Verified', status: 'False', reason: 'ChainCut', message: cut(first, missing.length) };
  }
  const others = headsLeftOut === 0 ? '' : `, ${headsLeftOut} more are not recorded`;
  const message = `the ledger has all ${heads.length} recorded chain heads${others}`;
  return { type: 'Verified', status: 'True', reason: 'HeadsFound', message };
}

/** What a cut chain lacks, with the remedy. */
export function cut({ tenant, sequence, windowStartTime, hash }: ChainHead, count: number): string {
  const others = count === 1 ? '' : `, and so for ${count - 1} more tenants`;
  const row = `row ${sequence} of tenant ${tenant} for the window at ${windowStartTime} with hash ${hash}`;
  return `the ledger lacks ${row}${others}: its tail was cut off or an older copy was restored; restore a backup that has it`;
}
