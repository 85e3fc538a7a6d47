import { keyText, type Pod } from '../../kube/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { GANG_MIN_ANNOTATION } from '../names.ts';
import { positive, sources } from './sources.ts';

/** Index of pods by what they belong to, see `gangIndex`. */
export const PODS_BY_GANG = 'scheduling/gang';

/** What is known of a pod's gang. */
export interface GangMark {
  readonly key: string;
  /** Value of `gangIndex` of all its pods; other gangs may share it, as the steps of one JobSet do. */
  readonly index: string;
  /** Pods that must exist and start together; undefined while it cannot be told. */
  readonly minimum?: number;
  /** Whether there may be more pods than must start together: those follow singly, each where it fits. */
  readonly elastic: boolean;
  /** Whether the size already leaves out members that have ended. */
  readonly countsLiving: boolean;
  /** Why the size cannot be told, and what would help. */
  readonly unknown?: string;
}

/** What a pod belongs to, by the pod alone; undefined for a pod that starts alone. */
function gangIndex(pod: Pod): string | undefined {
  for (const source of sources) {
    const name = source.name(pod);
    if (name !== undefined && name !== '') return `${source.kind}/${pod.metadata.namespace}/${name}`;
  }
  return undefined;
}

/** The values of the index PODS_BY_GANG. */
export function gangIndexes(pod: Pod): readonly string[] {
  const index = gangIndex(pod);
  return index === undefined ? [] : [index];
}

/** The gang of a pod; undefined for a pod that starts alone. The first source that knows the pod decides. */
export function gangMark(pod: Pod, reader: Reader): GangMark | undefined {
  const source = sources.find(({ name }) => (name(pod) ?? '') !== '');
  const index = gangIndex(pod);
  if (source === undefined || index === undefined) return undefined;
  const found = source.size(pod, reader);
  if (found === 'alone') return undefined;
  const { part, size, atLeast = false, unknown } = found;
  const key = part === undefined ? index : `${index}/${part}`;
  const wanted = positive(pod.metadata.annotations?.[GANG_MIN_ANNOTATION]);
  const minimum = size === undefined ? undefined : Math.min(wanted ?? size, size);
  const elastic = atLeast || (minimum !== undefined && size !== undefined && minimum < size);
  return { key, index, minimum, elastic, countsLiving: source.countsLiving, unknown };
}

/** The key under which a pod is planned: that of its gang, or its own. */
export function planKey(pod: Pod, mark: GangMark | undefined): string {
  return mark?.key ?? `pod/${keyText(pod)}`;
}
