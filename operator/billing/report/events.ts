import { type ChainHead, kinds, type UsageReport } from '../../api/index.ts';
import type { EventIntent } from '../../runtime/index.ts';
import { cut } from './report.ts';

/** Says on a report that the ledger lacks what it recorded; undefined where it has everything. */
export function cutEvent(report: UsageReport, missing: readonly ChainHead[]): EventIntent | undefined {
  const [first] = missing;
  if (first === undefined) return undefined;
  return {
    ...{ regarding: report, kind: kinds.UsageReport, type: 'Warning', reason: 'UsageChainCut', action: 'Verify' },
    note: cut(first, missing.length),
    dedupeKey: `${report.metadata.uid}/UsageChainCut/${first.hash}`,
  };
}
