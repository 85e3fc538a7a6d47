import { keyText, Pod } from '../../kube/index.ts';
import { isFinished } from '../../pools/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { gangMark } from '../gangs/gang.ts';
import { PodGroup } from '../gangs/kinds.ts';
import { POD_GROUP_PREFIX } from '../names.ts';

/** Label on the PodGroups that are made here. */
export const MADE_BY_LABEL = 'app.kubernetes.io/managed-by';
export const MADE_BY = 'gpuopt';

/** A PodGroup to keep. */
export interface WantedGroup {
  readonly namespace: string;
  readonly name: string;
  /** Pods that kube-scheduler binds together. */
  readonly minCount: number;
}

/** PodGroups to keep and to remove. */
export interface GroupPlan {
  readonly keep: readonly WantedGroup[];
  readonly remove: readonly PodGroup[];
}

/** Index of living pods by the PodGroup of ours that they name. */
export const PODS_BY_GROUP = 'scheduling/pod-group';

/** The values of that index; one for all, to find every pod of any group, beside that of its own. */
export function groupIndexes(pod: Pod): readonly string[] {
  const name = pod.spec?.schedulingGroup?.podGroupName;
  return name?.startsWith(POD_GROUP_PREFIX) === true && !isFinished(pod) ? [ANY_GROUP] : [];
}

const ANY_GROUP = 'any';

/**
 * The groups of all living pods that name one of ours. A gang may have pods that are in no group, because they ask for no
 * GPU: a group asks for as many as it has, and never for more than must start together.
 */
export function decideGroups(reader: Reader): GroupPlan {
  const groups = new Map<string, { readonly first: Pod; readonly pods: number }>();
  for (const pod of reader.list(Pod, { index: { name: PODS_BY_GROUP, value: ANY_GROUP } })) {
    const key = `${pod.metadata.namespace}/${pod.spec?.schedulingGroup?.podGroupName}`;
    const known = groups.get(key);
    groups.set(key, { first: known?.first ?? pod, pods: (known?.pods ?? 0) + 1 });
  }
  const keep = [...groups].map(([key, { first, pods }]): WantedGroup => {
    const [namespace = '', name = ''] = key.split('/');
    return { namespace, name, minCount: Math.min(gangMark(first, reader)?.minimum ?? 1, pods) };
  });
  const remove = reader
    .list(PodGroup)
    .filter(({ metadata }) => metadata.labels?.[MADE_BY_LABEL] === MADE_BY && metadata.deletionTimestamp === undefined)
    .filter((group) => !groups.has(keyText(group)));
  return { keep, remove };
}
