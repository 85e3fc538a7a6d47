import { type GrowthCampaign, kinds, type MessagingChannel } from '../../api/index.ts';
import { CronJob, controllerOf, Job, Namespace } from '../../kube/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { jobsOfCampaign } from './indexes.ts';
import { cronJobName } from './names.ts';

/** What the cluster says about a campaign. */
export interface CampaignFacts {
  /** Whether the namespace is one of the provider's staff. */
  readonly namespaceAllowed: boolean;
  readonly channels: ReadonlyMap<string, MessagingChannel>;
  readonly cronJob: CronJob | undefined;
  /** Jobs of the CronJob, unordered. */
  readonly jobs: readonly Job[];
}

/** The label that opens a namespace to campaigns and channels. */
export const growthLabel = 'gpuoptimizer.io/growth';

/** Whether campaigns and channels of the namespace are reconciled. */
export function isGrowthNamespace(reader: Reader, namespace: string): boolean {
  return reader.get(Namespace, { name: namespace })?.metadata.labels?.[growthLabel] === 'true';
}

/** Whether a namespace was opened to campaigns and channels, or closed. */
export function growthLabelChanged(now: Namespace, before: Namespace): boolean {
  return now.metadata.labels?.[growthLabel] !== before.metadata.labels?.[growthLabel];
}

/** Reads what the cache knows about the campaign. */
export function observe(campaign: GrowthCampaign, reader: Reader): CampaignFacts {
  const namespace = campaign.metadata.namespace ?? '';
  const names = campaign.spec.steps.flatMap((step) =>
    step.type === 'EmailSend' ? [step.emailSend.channelRef.name] : [],
  );
  const channels = names.flatMap((name) => {
    const channel = reader.get(kinds.MessagingChannel, { namespace, name });
    return channel ? [[name, channel] as const] : [];
  });
  const cronJob = reader.get(CronJob, { namespace, name: cronJobName(campaign.metadata.name) });
  const labelled = reader.list(Job, {
    namespace,
    index: { name: jobsOfCampaign, value: `${namespace}/${campaign.metadata.name}` },
  });
  return {
    namespaceAllowed: isGrowthNamespace(reader, namespace),
    channels: new Map(channels),
    cronJob,
    jobs: labelled.filter((job) => cronJob !== undefined && controllerOf(job)?.uid === cronJob.metadata.uid),
  };
}
