import type { UsageCorrectionStatus } from '../../api/index.ts';
import type { StatusIntent } from '../../runtime/index.ts';
import type { Refusal } from './decide.ts';
import type { Applied } from './repository.ts';

/** The status of a correction: what it became, or why nothing came of it. */
export function statusOf(outcome: Applied | Refusal): StatusIntent<UsageCorrectionStatus> {
  if ('reason' in outcome) return { conditions: [{ type: 'Ready', status: 'False', ...outcome }] };
  const { appliedAt, revision, identifier, late } = outcome;
  const billed =
    late === true ? '; the invoice of the window is final, so that it goes on the next, or on a credit note' : '';
  const message =
    revision === undefined ? 'what was held is ended' : `revision ${revision} of the window holds it${billed}`;
  return {
    ...{ revision, identifier, appliedTime: `${appliedAt.toISOString().slice(0, 19)}Z` },
    conditions: [{ type: 'Ready', status: 'True', reason: 'Applied', message }],
  };
}
