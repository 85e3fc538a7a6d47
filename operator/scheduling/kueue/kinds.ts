/** Kinds of Kueue, cut to what is read here; none need be there [kubernetes-sigs/kueue apis/kueue/v1beta2]. */
import type { KindToken, Meta, Pod } from '../../kube/index.ts';

/** A condition of Kueue's objects. */
interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime?: string;
}

/** A check that workloads of a ClusterQueue must pass, and who answers it. */
export interface AdmissionCheck {
  readonly metadata: Meta;
  readonly spec?: { readonly controllerName?: string };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** Additions to the pods of one pod set. */
export interface PodSetUpdate {
  readonly name: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
}

/** Where one check of a workload stands. */
export interface CheckState {
  readonly name: string;
  readonly state: 'Pending' | 'Ready' | 'Retry' | 'Rejected';
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly requeueAfterSeconds?: number;
  readonly podSetUpdates?: readonly PodSetUpdate[];
}

/** Equal pods of a workload. */
export interface PodSet {
  readonly name: string;
  readonly count: number;
  readonly template: { readonly metadata?: Partial<Meta>; readonly spec?: Pod['spec'] };
}

/** A job as Kueue sees it. */
export interface Workload {
  readonly metadata: Meta;
  readonly spec?: { readonly podSets?: readonly PodSet[]; readonly priority?: number; readonly active?: boolean };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly admission?: {
      readonly podSetAssignments?: readonly {
        readonly name: string;
        readonly count?: number;
        readonly flavors?: Readonly<Record<string, string>>;
      }[];
    };
    readonly admissionChecks?: readonly CheckState[];
  };
}

/** Nodes that a quota is for. */
export interface ResourceFlavor {
  readonly metadata: Meta;
  readonly spec?: { readonly nodeLabels?: Readonly<Record<string, string>> };
}

const kueue = { group: 'kueue.x-k8s.io', version: 'v1beta2', optional: true } as const;

/** The kind AdmissionCheck. */
export const AdmissionCheck: KindToken<AdmissionCheck> = {
  ...kueue,
  kind: 'AdmissionCheck',
  plural: 'admissionchecks',
  scope: 'Cluster',
};
/** The kind Workload of Kueue. */
export const Workload: KindToken<Workload> = { ...kueue, kind: 'Workload', plural: 'workloads', scope: 'Namespaced' };
/** The kind ResourceFlavor. */
export const ResourceFlavor: KindToken<ResourceFlavor> = {
  ...kueue,
  kind: 'ResourceFlavor',
  plural: 'resourceflavors',
  scope: 'Cluster',
};
