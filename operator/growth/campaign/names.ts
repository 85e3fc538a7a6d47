/** The label on Jobs and pods that names their campaign. */
export const campaignLabel = 'gpuoptimizer.io/campaign';

/** The CronJob of a campaign; a campaign's name has at most 40 characters, a CronJob's 52. */
export function cronJobName(campaign: string): string {
  return `growth-${campaign}`;
}

/** The annotation in which the CronJob controller keeps the time that a Job was scheduled for. */
export const scheduledAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
