import { Pod } from '../../kube/index.ts';
import type { Key, Kind, KubeObject, ListOptions, Reader } from '../../runtime/index.ts';
import { ENDED_BY_OWNER, endedOwner } from '../eta/history.ts';
import { gangIndexes, PODS_BY_GANG } from '../gangs/gang.ts';
import { PODS_BY_STATE, statesOf } from '../pod-state.ts';

/** Whole lists of some kinds, as read from the API server. */
export interface Lists {
  readonly kind: Kind<KubeObject>;
  readonly objects: readonly KubeObject[];
}

/** A reader over lists, with the planner's indexes, so that the command observes as the controller does. */
export function createListReader(lists: readonly Lists[]): Reader {
  const byKind = new Map(lists.map(({ kind, objects }) => [idOf(kind), objects]));
  const indexes = new Map<string, ReadonlyMap<string, readonly Pod[]>>([
    [PODS_BY_STATE, indexed(byKind.get(idOf(Pod)), statesOf)],
    [PODS_BY_GANG, indexed(byKind.get(idOf(Pod)), gangIndexes)],
    [ENDED_BY_OWNER, indexed(byKind.get(idOf(Pod)), endedOwner)],
  ]);
  const all = <T extends KubeObject>(kind: Kind<T>): readonly T[] => (byKind.get(idOf(kind)) ?? []) as readonly T[];
  return {
    get: <T extends KubeObject>(kind: Kind<T>, key: Key) =>
      all(kind).find(({ metadata }) => metadata.name === key.name && metadata.namespace === key.namespace),
    list: <T extends KubeObject>(kind: Kind<T>, { namespace, index }: ListOptions = {}) => {
      const some: readonly KubeObject[] =
        index === undefined ? all(kind) : (indexes.get(index.name)?.get(index.value) ?? []);
      const found: readonly KubeObject[] = some.filter(
        ({ metadata }) => namespace === undefined || metadata.namespace === namespace,
      );
      return found as readonly T[];
    },
  };
}

function idOf(kind: Pick<Kind<unknown>, 'group' | 'plural'>): string {
  return `${kind.plural}.${kind.group}`;
}

function indexed(
  objects: readonly KubeObject[] | undefined,
  values: (pod: Pod) => readonly string[],
): ReadonlyMap<string, readonly Pod[]> {
  const found = new Map<string, Pod[]>();
  for (const pod of (objects ?? []) as readonly Pod[]) {
    for (const value of values(pod)) {
      const pods = found.get(value);
      if (pods === undefined) found.set(value, [pod]);
      else pods.push(pod);
    }
  }
  return found;
}
