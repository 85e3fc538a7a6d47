import type { V1Job } from '@kubernetes/client-node';
import { projectMeta } from './project-meta.ts';
import type { Resource } from './wire.ts';

/** A Job as it travels. */
export type JobObject = Resource<V1Job>;

/** Cuts a Job to its size and how far it is: the pod template, most of its text, goes. */
export function projectJob(job: JobObject): JobObject {
  const { spec, status } = job;
  return {
    metadata: projectMeta(job.metadata),
    spec: spec && {
      parallelism: spec.parallelism,
      completions: spec.completions,
      completionMode: spec.completionMode,
      suspend: spec.suspend,
      template: {},
    },
    status: status && {
      conditions: status.conditions?.map(({ type, status: value, reason, message, lastTransitionTime }) => ({
        type,
        status: value,
        reason,
        message,
        lastTransitionTime,
      })),
      startTime: status.startTime,
      completionTime: status.completionTime,
      active: status.active,
      succeeded: status.succeeded,
      failed: status.failed,
    },
  };
}
