import { keyText, matchesSelector, type Pod, PodDisruptionBudget } from '../kube/index.ts';
import type { Reader } from '../runtime/index.ts';

/** How many pods each PodDisruptionBudget lets go, by namespace/name; none while its controller has not caught up with its spec. */
export function disruptionsAllowed(reader: Reader): ReadonlyMap<string, number> {
  return new Map(reader.list(PodDisruptionBudget).map((budget) => [keyText(budget), allowedBy(budget)] as const));
}

function allowedBy({ metadata, status }: PodDisruptionBudget): number {
  if (status?.observedGeneration !== metadata.generation) return 0;
  return status?.disruptionsAllowed ?? 0;
}

/** The budgets of a pod. With more than one the Eviction API refuses; a budget that nothing has keeps it from being tried. */
export function createBudgetsOf(reader: Reader): (pod: Pod) => readonly string[] {
  const byNamespace = new Map<string, PodDisruptionBudget[]>();
  for (const budget of reader.list(PodDisruptionBudget)) {
    const namespace = budget.metadata.namespace ?? '';
    const known = byNamespace.get(namespace);
    if (known === undefined) byNamespace.set(namespace, [budget]);
    else known.push(budget);
  }
  return ({ metadata }) => {
    const found = (byNamespace.get(metadata.namespace ?? '') ?? [])
      .filter(({ spec }) => matchesSelector(spec?.selector, metadata.labels))
      .map(keyText);
    return found.length > 1 ? [...found, 'more than one budget'] : found;
  };
}
