import type { Kysely } from 'kysely';
import type { Schema } from '../../store/index.ts';

/** A Job of a campaign and the period that it is for. */
export interface RegisteredJob {
  readonly jobUid: string;
  readonly jobName: string;
  readonly namespace: string;
  readonly campaignUid: string;
  readonly period: string;
  readonly scheduledFor: Date;
}

/** Writes down which period a Job is for; the first writing stands, whatever an edit of the schedule does later. */
export async function registerJobs(db: Kysely<Schema>, jobs: readonly RegisteredJob[], now: Date): Promise<void> {
  if (jobs.length === 0) return;
  await db
    .insertInto('growth_job')
    .values(
      jobs.map((job) => ({
        job_uid: job.jobUid,
        job_name: job.jobName,
        namespace: job.namespace,
        campaign_uid: job.campaignUid,
        period: job.period,
        scheduled_for: job.scheduledFor,
        registered_at: now,
      })),
    )
    .onConflict((conflict) => conflict.column('job_uid').doNothing())
    .execute();
}
