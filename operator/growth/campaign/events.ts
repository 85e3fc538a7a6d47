import { type GrowthCampaign, kinds, type LastRun } from '../../api/index.ts';
import type { EventIntent } from '../../runtime/index.ts';

/** Tells that a run ended; nothing when the status said so already. */
export function runEvent(campaign: GrowthCampaign, run: LastRun | undefined): EventIntent | undefined {
  if (!run || run.outcome === 'Running') return undefined;
  const told = campaign.status?.lastRun;
  if (told?.period === run.period && told.outcome === run.outcome && told.finishedTime === run.finishedTime)
    return undefined;
  const good = run.outcome === 'Succeeded';
  const numbers = `sent ${run.sent}, imported ${run.imported}, refused ${run.refused}, failed ${run.failed}, unknown ${run.unknown}`;
  return {
    regarding: campaign,
    kind: kinds.GrowthCampaign,
    type: good ? 'Normal' : 'Warning',
    reason: good ? 'CampaignRunSucceeded' : 'CampaignRunFailed',
    action: 'Run',
    note: good
      ? `period ${run.period}: ${numbers}`
      : `period ${run.period} ${run.outcome}: ${run.message ?? numbers}`.slice(0, 1000),
    dedupeKey: `${campaign.metadata.uid}/${run.period}/${run.outcome}/${run.finishedTime ?? ''}`,
  };
}
