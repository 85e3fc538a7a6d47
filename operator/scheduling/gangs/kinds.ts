/**
 * Kinds of others that say how many pods belong together. None of them need be there: a cluster that does not serve one
 * reads as a cluster without objects of it. Each is cut to the fields that are read here.
 */
import type { KindToken, Meta } from '../../kube/index.ts';

/** A set of Jobs that run together [kubernetes-sigs/jobset api/jobset/v1alpha2]. */
export interface JobSet {
  readonly metadata: Meta;
  readonly spec?: {
    readonly replicatedJobs?: readonly ReplicatedJob[];
    readonly startupPolicy?: { readonly startupPolicyOrder?: string };
  };
}

/** Equal Jobs of a JobSet. */
export interface ReplicatedJob {
  readonly name: string;
  readonly replicas?: number;
  readonly dependsOn?: readonly object[];
  readonly template?: { readonly spec?: { readonly parallelism?: number; readonly completions?: number } };
}

/** Groups of one leader and its workers [kubernetes-sigs/lws api/leaderworkerset/v1]. */
export interface LeaderWorkerSet {
  readonly metadata: Meta;
  readonly spec?: { readonly startupPolicy?: string };
}

/** Kubernetes' own gang [scheduling.k8s.io/v1beta1, behind the gate GenericWorkload in 1.37]. */
export interface PodGroup {
  readonly metadata: Meta;
  readonly spec?: {
    readonly schedulingPolicy?: { readonly basic?: object; readonly gang?: { readonly minCount: number } };
  };
}

const optional = <T>(group: string, version: string, kind: string, plural: string) =>
  ({ group, version, kind, plural, scope: 'Namespaced', optional: true }) as const satisfies KindToken<T>;

/** The kind JobSet. */
export const JobSet: KindToken<JobSet> = {
  ...optional<JobSet>('jobset.x-k8s.io', 'v1alpha2', 'JobSet', 'jobsets'),
  project: ({ metadata, spec }) => ({
    metadata,
    spec: {
      startupPolicy: spec?.startupPolicy,
      replicatedJobs: spec?.replicatedJobs?.map(({ name, replicas, dependsOn, template }) => ({
        name,
        replicas,
        dependsOn,
        template: { spec: { parallelism: template?.spec?.parallelism, completions: template?.spec?.completions } },
      })),
    },
  }),
};

/** The kind LeaderWorkerSet. */
export const LeaderWorkerSet: KindToken<LeaderWorkerSet> = {
  ...optional<LeaderWorkerSet>('leaderworkerset.x-k8s.io', 'v1', 'LeaderWorkerSet', 'leaderworkersets'),
  project: ({ metadata, spec }) => ({ metadata, spec: { startupPolicy: spec?.startupPolicy } }),
};

/** The kind PodGroup. */
export const PodGroup: KindToken<PodGroup> = optional<PodGroup>(
  'scheduling.k8s.io',
  'v1beta1',
  'PodGroup',
  'podgroups',
);

/** Every kind from which the size of a gang is read, beside Job. */
export const gangKinds: readonly KindToken<JobSet | LeaderWorkerSet | PodGroup>[] = [JobSet, LeaderWorkerSet, PodGroup];
