/** The built-in kinds that the project reads or writes. */
import type * as k8s from '@kubernetes/client-node';
import { type JobObject, projectJob } from './project-job.ts';
import { type NodeObject, projectNode } from './project-node.ts';
import { type PodObject, projectPod } from './project-pod.ts';
import { metadataOnly } from './protobuf/meta.ts';
import { nodeMessage } from './protobuf/node.ts';
import { configMapMessage, jobMessage, leaseMessage, podDisruptionBudgetMessage } from './protobuf/others.ts';
import { podMessage } from './protobuf/pod.ts';
import type { KindToken, Resource } from './wire.ts';

export type ConfigMap = Resource<k8s.V1ConfigMap>;
export type CronJob = Resource<k8s.V1CronJob>;
export type CustomResourceDefinition = Resource<k8s.V1CustomResourceDefinition>;
export type DaemonSet = Resource<k8s.V1DaemonSet>;
export type Deployment = Resource<k8s.V1Deployment>;
export type Event = Resource<k8s.EventsV1Event>;
export type Job = JobObject;
export type Lease = Resource<k8s.V1Lease>;
export type Namespace = Resource<k8s.V1Namespace>;
export type Node = NodeObject;
export type PersistentVolumeClaim = Resource<k8s.V1PersistentVolumeClaim>;
export type Pod = PodObject;
export type PodDisruptionBudget = Resource<k8s.V1PodDisruptionBudget>;
export type PriorityClass = Resource<k8s.V1PriorityClass>;
export type ReplicaSet = Resource<k8s.V1ReplicaSet>;
export type Secret = Resource<k8s.V1Secret>;
export type Service = Resource<k8s.V1Service>;
export type ServiceAccount = Resource<k8s.V1ServiceAccount>;
export type StatefulSet = Resource<k8s.V1StatefulSet>;
export type TokenReview = Resource<k8s.V1TokenReview>;
/** A SubjectAccessReview, as the cluster serves it. */
export type SubjectAccessReview = Resource<k8s.V1SubjectAccessReview>;

const namespaced = <T>(group: string, version: string, kind: string, plural: string): KindToken<T> => ({
  group,
  version,
  kind,
  plural,
  scope: 'Namespaced',
});

const cluster = <T>(group: string, version: string, kind: string, plural: string): KindToken<T> => ({
  group,
  version,
  kind,
  plural,
  scope: 'Cluster',
});

/** The kind ConfigMap. */
export const ConfigMap: KindToken<ConfigMap> = {
  ...namespaced<ConfigMap>('', 'v1', 'ConfigMap', 'configmaps'),
  protobuf: configMapMessage,
};
/** The kind CronJob. */
export const CronJob = namespaced<CronJob>('batch', 'v1', 'CronJob', 'cronjobs');
/** The kind CustomResourceDefinition. */
export const CustomResourceDefinition = cluster<CustomResourceDefinition>(
  'apiextensions.k8s.io',
  'v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
);
/** The kind DaemonSet. */
export const DaemonSet = namespaced<DaemonSet>('apps', 'v1', 'DaemonSet', 'daemonsets');
/** The kind Deployment. */
export const Deployment = namespaced<Deployment>('apps', 'v1', 'Deployment', 'deployments');
/** The kind Event of events.k8s.io. */
export const Event = namespaced<Event>('events.k8s.io', 'v1', 'Event', 'events');
/** The kind Job, cached without its pod template. */
export const Job: KindToken<Job> = {
  ...namespaced<Job>('batch', 'v1', 'Job', 'jobs'),
  project: projectJob,
  protobuf: jobMessage,
};
/** The kind Lease. */
export const Lease: KindToken<Lease> = {
  ...namespaced<Lease>('coordination.k8s.io', 'v1', 'Lease', 'leases'),
  protobuf: leaseMessage,
};
/** The kind Namespace; labels and deletion are all that anybody asks of one. */
export const Namespace: KindToken<Namespace> = {
  ...cluster<Namespace>('', 'v1', 'Namespace', 'namespaces'),
  metadataOnly: true,
  protobuf: metadataOnly,
};
/** The kind Node, cached without addresses, images and node info. */
export const Node: KindToken<Node> = {
  ...cluster<Node>('', 'v1', 'Node', 'nodes'),
  project: projectNode,
  protobuf: nodeMessage,
};
/** The kind PersistentVolumeClaim. */
export const PersistentVolumeClaim = namespaced<PersistentVolumeClaim>(
  '',
  'v1',
  'PersistentVolumeClaim',
  'persistentvolumeclaims',
);
/** The kind Pod, cached with what pools, scheduling, metering and tuning need. */
export const Pod: KindToken<Pod> = {
  ...namespaced<Pod>('', 'v1', 'Pod', 'pods'),
  project: projectPod,
  protobuf: podMessage,
};
/** The kind PodDisruptionBudget. */
export const PodDisruptionBudget: KindToken<PodDisruptionBudget> = {
  ...namespaced<PodDisruptionBudget>('policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  protobuf: podDisruptionBudgetMessage,
};
/** The kind PriorityClass. */
export const PriorityClass = cluster<PriorityClass>('scheduling.k8s.io', 'v1', 'PriorityClass', 'priorityclasses');
/** The kind ReplicaSet. */
export const ReplicaSet = namespaced<ReplicaSet>('apps', 'v1', 'ReplicaSet', 'replicasets');
/** The kind Secret; never listed or watched, read by name. */
export const Secret = namespaced<Secret>('', 'v1', 'Secret', 'secrets');
/** The kind Service. */
export const Service = namespaced<Service>('', 'v1', 'Service', 'services');
/** The kind ServiceAccount. */
export const ServiceAccount = namespaced<ServiceAccount>('', 'v1', 'ServiceAccount', 'serviceaccounts');
/** The kind StatefulSet. */
export const StatefulSet = namespaced<StatefulSet>('apps', 'v1', 'StatefulSet', 'statefulsets');
/** The kind TokenReview. */
export const TokenReview = cluster<TokenReview>('authentication.k8s.io', 'v1', 'TokenReview', 'tokenreviews');
/** The kind SubjectAccessReview. */
export const SubjectAccessReview = cluster<SubjectAccessReview>(
  'authorization.k8s.io',
  'v1',
  'SubjectAccessReview',
  'subjectaccessreviews',
);
