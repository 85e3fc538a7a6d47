import { controllerOf, Job, type Pod } from '../../kube/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { foreign, GANG_ANNOTATION, GANG_SIZE_ANNOTATION, POD_GROUP_PREFIX } from '../names.ts';
import { JobSet, LeaderWorkerSet, PodGroup, type ReplicatedJob } from './kinds.ts';

/** How many pods a gang has. */
export interface GangSize {
  /** Undefined while it cannot be told; `unknown` then says why. */
  readonly size?: number;
  readonly unknown?: string;
  /** The size is only the least number: pods beyond it follow singly. */
  readonly atLeast?: boolean;
  /** The part of what the pods belong to that starts by itself, where its owner starts it in steps. */
  readonly part?: string;
}

/** A way to recognise a gang. */
interface Source {
  readonly kind: string;
  /** Name of what the pod belongs to, within its namespace; undefined or empty when the pod is none of this kind. */
  readonly name: (pod: Pod) => string | undefined;
  /** `alone`: it belongs to something that asks for no common start. */
  readonly size: (pod: Pod, reader: Reader) => GangSize | 'alone';
  readonly countsLiving: boolean;
}

/** Ways to recognise a gang; the first that knows a pod decides. */
export const sources: readonly Source[] = [
  { kind: 'podgroup', name: podGroupName, size: podGroupSize, countsLiving: false }, // Kubernetes' own
  { kind: 'kueue', name: labelled(foreign.kueueGroup), size: annotated(foreign.kueueTotal), countsLiving: false }, // plain pods of Kueue
  { kind: 'lws', name: labelled(foreign.lwsGroup), size: leaderWorkerSize, countsLiving: false },
  { kind: 'jobset', name: labelled(foreign.jobSet), size: jobSetSize, countsLiving: false },
  { kind: 'gang', name: ownName, size: annotated(GANG_SIZE_ANNOTATION), countsLiving: false }, // any pods
  { kind: 'job', name: indexedJobName, size: jobSize, countsLiving: true }, // one pod at a time is no gang
];

/** A whole number above zero; undefined for anything else. */
export function positive(text: string | undefined): number | undefined {
  const size = Number(text);
  return Number.isInteger(size) && size > 0 ? size : undefined;
}

/** Name of the Job that owns the pod. */
export function jobName(pod: Pod): string | undefined {
  const owner = controllerOf(pod);
  return owner?.kind === 'Job' && owner.apiVersion.startsWith('batch/') ? owner.name : undefined;
}

function labelled(key: string): Source['name'] {
  return (pod) => pod.metadata.labels?.[key];
}

function annotated(key: string): Source['size'] {
  return (pod) => {
    const size = positive(pod.metadata.annotations?.[key]);
    if (size !== undefined) return { size };
    return { unknown: `the annotation ${key} of its pods must hold a whole number above zero` };
  };
}

function ownName(pod: Pod): string | undefined {
  return pod.metadata.annotations?.[GANG_ANNOTATION];
}

/** The PodGroup of a pod, unless it is one that we make, which only follows what the other sources say. */
function podGroupName(pod: Pod): string | undefined {
  const name = pod.spec?.schedulingGroup?.podGroupName;
  return name?.startsWith(POD_GROUP_PREFIX) === true ? undefined : name;
}

function podGroupSize(pod: Pod, reader: Reader): GangSize | 'alone' {
  const name = podGroupName(pod) ?? '';
  const group = reader.get(PodGroup, { namespace: pod.metadata.namespace, name });
  if (group === undefined) return { unknown: `the PodGroup ${name} must exist` };
  const size = group.spec?.schedulingPolicy?.gang?.minCount;
  return size === undefined ? 'alone' : { size, atLeast: true };
}

/** With LeaderReady the workers are made only once the leader is ready, so it starts without them. */
function leaderWorkerSize(pod: Pod, reader: Reader): GangSize {
  const { annotations, labels, namespace } = pod.metadata;
  const size = positive(annotations?.[foreign.lwsSize]);
  if (size === undefined) return { unknown: `the annotation ${foreign.lwsSize} must hold a whole number above zero` };
  const name = labels?.[foreign.lwsName] ?? '';
  const owner = reader.get(LeaderWorkerSet, { namespace, name });
  if (owner?.spec?.startupPolicy !== 'LeaderReady' || size === 1) return { size };
  return labels?.[foreign.lwsIndex] === '0' ? { size: 1, part: 'leader' } : { size: size - 1, part: 'workers' };
}

/** The Jobs of a JobSet together; each kind of Job by itself where the JobSet starts them one after the other. */
function jobSetSize(pod: Pod, reader: Reader): GangSize {
  const { labels, namespace } = pod.metadata;
  const name = labels?.[foreign.jobSet] ?? '';
  const set = reader.get(JobSet, { namespace, name });
  if (set === undefined) return { unknown: `the JobSet ${name} must exist, and the cluster must serve JobSets` };
  const all = set.spec?.replicatedJobs ?? [];
  const inSteps =
    set.spec?.startupPolicy?.startupPolicyOrder === 'InOrder' || all.some(({ dependsOn = [] }) => dependsOn.length > 0);
  const part = inSteps ? labels?.[foreign.jobSetPart] : undefined;
  const size = all.filter((one) => part === undefined || one.name === part).reduce((sum, one) => sum + podsOf(one), 0);
  return size > 0 ? { size, part } : { unknown: `the JobSet ${name} asks for no pods`, part };
}

function podsOf({ replicas = 1, template }: ReplicatedJob): number {
  const { parallelism = 1, completions = parallelism } = template?.spec ?? {};
  return replicas * Math.min(parallelism, completions);
}

function indexedJobName(pod: Pod): string | undefined {
  const { labels, annotations } = pod.metadata;
  const isIndexed = labels?.[foreign.jobIndex] !== undefined || annotations?.[foreign.jobIndex] !== undefined;
  return isIndexed ? jobName(pod) : undefined;
}

/** Pods of an Indexed Job that run at once from now on: the last wave may be smaller than the parallelism. */
function jobSize(pod: Pod, reader: Reader): GangSize {
  const name = jobName(pod) ?? '';
  const job = reader.get(Job, { namespace: pod.metadata.namespace, name });
  if (job === undefined) return { unknown: `the Job ${name} must exist` };
  const parallelism = job.spec?.parallelism ?? 1;
  const left = (job.spec?.completions ?? parallelism) - (job.status?.succeeded ?? 0);
  return { size: Math.max(1, Math.min(parallelism, left)) };
}
