/** Keeps one CronJob for each campaign, tells the store which period each of its Jobs is for, and reports the runs. */
import { type GrowthCampaign, kinds, type MessagingChannel } from '../../api/index.ts';
import { CronJob, Job, Namespace, ServiceAccount, seconds } from '../../kube/index.ts';
import {
  type Context,
  type Controller,
  controller,
  Invalid,
  type Key,
  type Reader,
  Terminal,
} from '../../runtime/index.ts';
import type { Store } from '../../store/index.ts';
import { jobServiceAccount } from '../run/config.ts';
import { registerJobs } from '../run/jobs.ts';
import { latestRun } from '../run/summary.ts';
import { decide } from './decide.ts';
import { runEvent } from './events.ts';
import { campaignOfJob, jobsOfCampaign } from './indexes.ts';
import { growthLabelChanged, observe } from './observe.ts';
import { report } from './report.ts';
import { cronJob, type JobSettings, runAccount } from './resources.ts';

/** What the campaign controller needs. */
export interface CampaignDeps {
  readonly db: Store['db'];
  readonly job: JobSettings;
}

/** The controller of GrowthCampaign. */
export function growthCampaign(deps: CampaignDeps): Controller {
  return controller(kinds.GrowthCampaign)
    .owns(CronJob)
    .watches(Job, campaignOfItsJob)
    .watches(kinds.MessagingChannel, campaignsBesideChannel)
    .watches(Namespace, campaignsInNamespace, { when: growthLabelChanged })
    .index(Job, jobsOfCampaign, campaignOfJob)
    .may({
      group: '',
      resource: 'serviceaccounts',
      verbs: ['get', 'create'],
      in: 'cluster',
      why: 'makes the rightless ServiceAccount of run pods in growth namespaces',
    })
    .may({
      group: 'authentication.k8s.io',
      resource: 'tokenreviews',
      verbs: ['create'],
      in: 'cluster',
      why: 'verifies the tokens that run pods show',
    })
    .every('1m')
    .reconcile((campaign, ctx) => pass(deps, campaign, ctx));
}

function campaignOfItsJob(job: Job): readonly Key[] {
  return campaignOfJob(job).map(keyOf);
}

function campaignsBesideChannel({ metadata }: MessagingChannel, reader: Reader): readonly Key[] {
  return campaignsIn(metadata.namespace, reader);
}

function campaignsInNamespace({ metadata }: Namespace, reader: Reader): readonly Key[] {
  return campaignsIn(metadata.name, reader);
}

function keyOf(text: string): Key {
  const [namespace, name = ''] = text.split('/');
  return { namespace, name };
}

function campaignsIn(namespace: string | undefined, reader: Reader): readonly Key[] {
  return reader.list(kinds.GrowthCampaign, { namespace }).map(({ metadata }) => ({ namespace, name: metadata.name }));
}

async function pass(deps: CampaignDeps, campaign: GrowthCampaign, ctx: Context) {
  const facts = observe(campaign, ctx);
  const plan = decide(campaign, facts);
  if (plan.kind === 'stop') {
    if (facts.cronJob) await ctx.remove(CronJob, facts.cronJob);
    throw new Terminal(plan.finding.reason, plan.finding.message);
  }
  await ensureAccount(campaign.metadata.namespace ?? '', ctx);
  await applyCronJob(cronJob(campaign, plan.config, facts, deps.job), ctx);
  await registerJobs(deps.db, plan.jobs, ctx.now());
  const run = await latestRun(deps.db, campaign.metadata.uid ?? '');
  const status = report(campaign, facts, run, ctx.now());
  const event = runEvent(campaign, status.lastRun);
  if (event) ctx.event(event);
  const busy = status.lastRun?.outcome === 'Running' || facts.jobs.some((job) => (job.status?.active ?? 0) > 0);
  return { status, after: busy ? seconds(5) : undefined };
}

async function ensureAccount(namespace: string, ctx: Context): Promise<void> {
  if (await ctx.live.get(ServiceAccount, { namespace, name: jobServiceAccount })) return;
  await ctx.create(ServiceAccount, runAccount(namespace));
}

/** The API server checks what we do not: a cron expression, for example. */
async function applyCronJob(intent: ReturnType<typeof cronJob>, ctx: Context): Promise<void> {
  try {
    await ctx.apply(CronJob, intent);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const causes = error.causes.map(({ field, message }) => `${field ?? 'spec'}: ${message}`);
    const why = causes.length > 0 ? causes.join('; ') : error.message;
    throw new Terminal('CronJobRefused', `the API server refuses the CronJob: ${why}`, { cause: error });
  }
}
