import type { GrowthCampaign, GrowthCampaignStatus, LastRun } from '../../api/index.ts';
import type { ConditionIntent, StatusIntent } from '../../runtime/index.ts';
import type { RunSummary } from '../run/summary.ts';
import { cronJobName } from './names.ts';
import type { CampaignFacts } from './observe.ts';

/** The status of a campaign that has its CronJob. */
export function report(
  campaign: GrowthCampaign,
  facts: CampaignFacts,
  run: RunSummary | undefined,
  now: Date,
): StatusIntent<GrowthCampaignStatus> {
  const last = run && lastRun(run, facts, now);
  return {
    cronJobName: cronJobName(campaign.metadata.name),
    lastRun: last,
    lastScheduleTime: facts.cronJob?.status?.lastScheduleTime,
    conditions: [ready(campaign), compliant(facts), ...(last ? [lastRunSucceeded(last)] : [])],
  };
}

function ready(campaign: GrowthCampaign): ConditionIntent {
  const { schedule, run } = campaign.spec;
  const mode = run?.mode ?? 'Active';
  const messages = {
    Active: `runs at ${schedule.cron} in ${schedule.timeZone}, once each ${schedule.period ?? 'Day'}`,
    DryRun: `runs at ${schedule.cron} in ${schedule.timeZone} without sending, because run.mode is DryRun`,
    Suspended: 'starts no runs, because run.mode is Suspended',
  };
  return { type: 'Ready', status: 'True', reason: mode === 'Active' ? 'Scheduled' : mode, message: messages[mode] };
}

function compliant(facts: CampaignFacts): ConditionIntent {
  const channels = [...facts.channels.keys()];
  const message =
    channels.length === 0
      ? 'no step sends mail'
      : `channel ${channels.join(', ')} names a postal address and a way to unsubscribe`;
  return { type: 'Compliant', status: 'True', reason: channels.length === 0 ? 'NoMail' : 'ChannelsCompliant', message };
}

function lastRunSucceeded(run: LastRun): ConditionIntent {
  const base = { type: 'LastRunSucceeded', message: run.message ?? `the run of period ${run.period}: ${run.outcome}` };
  if (run.outcome === 'Running') return { ...base, status: 'Unknown', reason: 'Running' };
  return { ...base, status: run.outcome === 'Succeeded' ? 'True' : 'False', reason: run.outcome };
}

/** The newest run as the ledger has it; without an end it runs while its lease or one of its Jobs lives. */
export function lastRun(run: RunSummary, facts: Pick<CampaignFacts, 'jobs'>, now: Date): LastRun {
  const count = (...names: readonly string[]): number => names.reduce((sum, name) => sum + (run.counts[name] ?? 0), 0);
  return {
    period: run.period,
    jobName: run.jobName,
    startedTime: run.startedAt.toISOString(),
    finishedTime: run.finishedAt?.toISOString(),
    outcome: outcomeOf(run, facts, now),
    imported: count('imported'),
    refused: count('refused'),
    sent: count('accepted'),
    skipped: count('skipped'),
    failed: count('rejected', 'expired'),
    unknown: count('unknown'),
    message: run.message ? run.message.slice(0, 1024) : undefined,
  };
}

function outcomeOf(run: RunSummary, facts: Pick<CampaignFacts, 'jobs'>, now: Date): LastRun['outcome'] {
  if (run.outcome === 'Succeeded') return 'Succeeded';
  if (run.failureCode === 'Interrupted') return 'Interrupted';
  if (run.failureCode !== null) return 'Failed';
  const active = facts.jobs.some((job) => job.metadata.name === run.jobName && (job.status?.active ?? 0) > 0);
  return active || run.leaseUntil > now ? 'Running' : 'Interrupted';
}
