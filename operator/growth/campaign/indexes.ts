import type { Job } from '../../kube/index.ts';
import { campaignLabel } from './names.ts';

/** Index of Jobs by `namespace/campaign`. */
export const jobsOfCampaign = 'growth-jobs-of-campaign';

/** The campaign that a Job says it is of; whether that is true its owner tells. */
export function campaignOfJob(job: Job): readonly string[] {
  const name = job.metadata.labels?.[campaignLabel];
  return name === undefined ? [] : [`${job.metadata.namespace}/${name}`];
}
