import type { OptimizationPolicy, OptimizationRecommendationStatus } from '../../api/index.ts';
import type { ConditionIntent, StatusIntent } from '../../runtime/index.ts';

/** Reasons of the conditions of a recommendation. */
export const recommendationReasons = {
  proposed: 'Proposed',
  fresh: 'EvidenceFresh',
  notYetJudged: 'NotJudgedYet',
} as const;

/**
 * The status of a recommendation whose policy exists. It stays Ready while telemetry is missing: nothing has shown that
 * it is wrong. Whether it can still be shown to be right is the condition EvidenceFresh.
 */
export function report(policy: OptimizationPolicy): StatusIntent<OptimizationRecommendationStatus> {
  return {
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: recommendationReasons.proposed,
        message: 'The proposal holds; nothing has been changed.',
      },
      evidenceFresh(policy),
    ],
  };
}

function evidenceFresh(policy: OptimizationPolicy): ConditionIntent {
  const telemetry = policy.status?.conditions?.find(({ type }) => type === 'TelemetryReady');
  if (telemetry === undefined || telemetry.status === 'Unknown') {
    return {
      type: 'EvidenceFresh',
      status: 'Unknown',
      reason: telemetry?.reason ?? recommendationReasons.notYetJudged,
      message: 'The policy has not judged its telemetry yet.',
    };
  }
  if (telemetry.status === 'False') {
    return { type: 'EvidenceFresh', status: 'False', reason: telemetry.reason, message: telemetry.message };
  }
  return {
    type: 'EvidenceFresh',
    status: 'True',
    reason: recommendationReasons.fresh,
    message: 'The policy still sees the telemetry that the proposal rests on.',
  };
}
