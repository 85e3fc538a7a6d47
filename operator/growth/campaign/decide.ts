import type { GrowthCampaign, MessagingChannel } from '../../api/index.ts';
import type { Job } from '../../kube/index.ts';
import type { ChannelConfig, RunConfig, StepConfig } from '../run/config.ts';
import type { RegisteredJob } from '../run/jobs.ts';
import { periodKey } from '../run/period.ts';
import { scheduledAnnotation } from './names.ts';
import type { CampaignFacts } from './observe.ts';

/** Something that a person must change before the campaign can run. */
export interface Finding {
  readonly reason: string;
  readonly message: string;
}

/** What to do about a campaign. */
export type Plan =
  | { readonly kind: 'stop'; readonly finding: Finding }
  | { readonly kind: 'run'; readonly config: RunConfig; readonly jobs: readonly RegisteredJob[] };

type Rule = (campaign: GrowthCampaign, facts: CampaignFacts) => Finding | undefined;

const rules: readonly Rule[] = [
  namespaceNotAllowed, // campaigns hold URLs and people: only the staff's namespaces
  unknownTimeZone, // a CronJob in an unknown zone never starts
  channelMissing, // the settings of the channel are frozen into the Job
  channelNotCompliant, // no mail without an address and a way out
];

/** Facts to plan: the first broken rule stops the campaign, else the config of its runs and the periods of its Jobs. */
export function decide(campaign: GrowthCampaign, facts: CampaignFacts): Plan {
  for (const rule of rules) {
    const finding = rule(campaign, facts);
    if (finding) return { kind: 'stop', finding };
  }
  return {
    kind: 'run',
    config: runConfig(campaign, facts),
    jobs: facts.jobs.flatMap((job) => registeredJob(campaign, job)),
  };
}

function namespaceNotAllowed(campaign: GrowthCampaign, facts: CampaignFacts): Finding | undefined {
  if (facts.namespaceAllowed) return undefined;
  const { namespace } = campaign.metadata;
  return {
    reason: 'NamespaceNotAllowed',
    message: `namespace ${namespace} is not open to campaigns; if it belongs to your staff: kubectl label namespace ${namespace} gpuoptimizer.io/growth=true`,
  };
}

function unknownTimeZone(campaign: GrowthCampaign): Finding | undefined {
  const { timeZone } = campaign.spec.schedule;
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return undefined;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return {
      reason: 'UnknownTimeZone',
      message: `schedule.timeZone ${timeZone} is not an IANA time zone, as Europe/Berlin or Etc/UTC are`,
    };
  }
}

function channelMissing(campaign: GrowthCampaign, facts: CampaignFacts): Finding | undefined {
  const missing = channelNames(campaign).filter((name) => !facts.channels.has(name));
  if (missing.length === 0) return undefined;
  const { namespace } = campaign.metadata;
  return {
    reason: 'ChannelMissing',
    message: `there is no MessagingChannel ${missing.join(', ')} in namespace ${namespace}, which a step names in channelRef`,
  };
}

function channelNotCompliant(_campaign: GrowthCampaign, facts: CampaignFacts): Finding | undefined {
  const bad = [...facts.channels.values()].find((channel) => !isCompliant(channel));
  return bad && { reason: 'NotCompliant', message: `MessagingChannel ${bad.metadata.name} needs ${complianceNeeds}` };
}

/** What the law asks a channel to have, in words. */
export const complianceNeeds =
  'a postalAddress and an https unsubscribeBaseURL: each mail must name its sender and a way out';

/** Whether a channel has what the law asks to be in each mail. */
export function isCompliant(channel: MessagingChannel): boolean {
  return channel.spec.postalAddress.trim() !== '' && channel.spec.unsubscribeBaseURL.startsWith('https://');
}

function channelNames(campaign: GrowthCampaign): readonly string[] {
  return campaign.spec.steps.flatMap((step) => (step.type === 'EmailSend' ? [step.emailSend.channelRef.name] : []));
}

function runConfig(campaign: GrowthCampaign, facts: CampaignFacts): RunConfig {
  const { spec, metadata } = campaign;
  return {
    namespace: metadata.namespace ?? '',
    campaign: metadata.name,
    uid: metadata.uid ?? '',
    dryRun: spec.run?.mode === 'DryRun',
    lawfulBasis: spec.lawfulBasis,
    topic: spec.topic,
    maxMessagesPerRun: spec.run?.maxMessagesPerRun ?? 5000,
    steps: spec.steps.flatMap((step) => stepConfig(step, facts)),
  };
}

function stepConfig(step: GrowthCampaign['spec']['steps'][number], facts: CampaignFacts): readonly StepConfig[] {
  if (step.type === 'LeadImport') return [{ name: step.name, type: 'LeadImport' }];
  const channel = facts.channels.get(step.emailSend.channelRef.name);
  if (!channel) return [];
  return [{ name: step.name, type: 'EmailSend', subject: step.emailSend.subject, channel: channelConfig(channel) }];
}

function channelConfig({ metadata, spec }: MessagingChannel): ChannelConfig {
  return {
    name: metadata.name,
    host: spec.smtp.host,
    port: spec.smtp.port ?? 587,
    tls: spec.smtp.tls ?? 'Required',
    from: spec.from,
    postalAddress: spec.postalAddress,
    unsubscribeBaseURL: spec.unsubscribeBaseURL,
    maxPerSecond: spec.maxPerSecond ?? 10,
    credentials: spec.smtp.credentialsSecretName !== undefined,
  };
}

function registeredJob(campaign: GrowthCampaign, job: Job): readonly RegisteredJob[] {
  const { name, uid, annotations, creationTimestamp } = job.metadata;
  const scheduled = annotations?.[scheduledAnnotation] ?? creationTimestamp;
  if (!name || !uid || !scheduled) return [];
  const { schedule } = campaign.spec;
  const scheduledFor = new Date(scheduled);
  return [
    {
      jobUid: uid,
      jobName: name,
      namespace: campaign.metadata.namespace ?? '',
      campaignUid: campaign.metadata.uid ?? '',
      period: periodKey(schedule.period ?? 'Day', scheduledFor, schedule.timeZone),
      scheduledFor,
    },
  ];
}
