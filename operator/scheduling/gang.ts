import { controllerOf, type Job, keyText, type Pod } from '../kube/index.ts';
import { foreign, GANG_ANNOTATION, GANG_SIZE_ANNOTATION } from './names.ts';

/** Index of pods by the gang they belong to. */
export const PODS_BY_GANG = 'scheduling/gang';

/** A way to recognise a gang. */
interface Source {
  /** Key of the gang; undefined when the pod is none of this kind. */
  readonly key: (pod: Pod) => string | undefined;
  /** Number of pods that must exist; undefined while it cannot be told. */
  readonly size: (pod: Pod, job: Job | undefined) => number | undefined;
  /** Whether the size already leaves out members that have ended. */
  readonly countsLiving: boolean;
}

const sources: readonly Source[] = [
  {
    // Kueue's plain pod groups
    key: (pod) => scoped(pod, 'kueue', pod.metadata.labels?.[foreign.kueueGroup]),
    size: (pod) => positive(pod.metadata.annotations?.[foreign.kueueTotal]),
    countsLiving: false,
  },
  {
    // LeaderWorkerSet
    key: (pod) => scoped(pod, 'lws', pod.metadata.labels?.[foreign.lwsGroup]),
    size: (pod) => positive(pod.metadata.annotations?.[foreign.lwsSize]),
    countsLiving: false,
  },
  {
    // our own annotations, on any pods
    key: (pod) => scoped(pod, 'gang', pod.metadata.annotations?.[GANG_ANNOTATION]),
    size: (pod) => positive(pod.metadata.annotations?.[GANG_SIZE_ANNOTATION]),
    countsLiving: false,
  },
  {
    // an Indexed Job; one pod at a time is no gang
    key: (pod) => (isIndexed(pod) ? scoped(pod, 'job', jobName(pod)) : undefined),
    size: (_pod, job) => (job === undefined ? undefined : jobSize(job)),
    countsLiving: true,
  },
];

/** What is known of a pod's gang. */
export interface GangMark {
  readonly key: string;
  /** Pods that must exist before any starts; undefined while it cannot be told. */
  readonly size?: number;
  readonly countsLiving: boolean;
}

/** Key of the gang of a pod; undefined for a pod that starts alone. */
export function gangKey(pod: Pod): string | undefined {
  for (const source of sources) {
    const key = source.key(pod);
    if (key !== undefined) return key;
  }
  return undefined;
}

/** The gang of a pod with its size; a pod that starts alone is a gang of one under its own name. */
export function gangMark(pod: Pod, jobOf: (pod: Pod) => Job | undefined): GangMark {
  for (const source of sources) {
    const key = source.key(pod);
    if (key !== undefined) return { key, size: source.size(pod, jobOf(pod)), countsLiving: source.countsLiving };
  }
  return { key: `pod/${keyText(pod)}`, size: 1, countsLiving: true };
}

/** Name of the Job that owns the pod. */
export function jobName(pod: Pod): string | undefined {
  const owner = controllerOf(pod);
  return owner?.kind === 'Job' && owner.apiVersion.startsWith('batch/') ? owner.name : undefined;
}

/** Pods of an Indexed Job that run at once from now on: the last wave may be smaller than the parallelism. */
function jobSize(job: Job): number {
  const parallelism = job.spec?.parallelism ?? 1;
  const left = (job.spec?.completions ?? parallelism) - (job.status?.succeeded ?? 0);
  return Math.max(1, Math.min(parallelism, left));
}

function isIndexed(pod: Pod): boolean {
  const { labels, annotations } = pod.metadata;
  return labels?.[foreign.jobIndex] !== undefined || annotations?.[foreign.jobIndex] !== undefined;
}

function scoped(pod: Pod, source: string, name: string | undefined): string | undefined {
  return name === undefined || name === '' ? undefined : `${source}/${pod.metadata.namespace}/${name}`;
}

function positive(text: string | undefined): number | undefined {
  const size = Number(text);
  return Number.isInteger(size) && size > 0 ? size : undefined;
}
