import type { Node, Pod } from '../kube/index.ts';
import type { NodeConstraint } from './planner/index.ts';

type NodeAffinity = NonNullable<NonNullable<NonNullable<Pod['spec']>['affinity']>['nodeAffinity']>;
type Term = NonNullable<NodeAffinity['requiredDuringSchedulingIgnoredDuringExecution']>['nodeSelectorTerms'][number];
type Requirement = NonNullable<Term['matchExpressions']>[number];

/** Answers where a pod may run, for the planner. */
export type ConstraintOf = (pod: Pod) => NodeConstraint | undefined;

/**
 * Where pods may run among these nodes: their nodeSelector, and required node affinity as the names of the nodes that
 * satisfy it. Equal affinities are answered once.
 */
export function createConstraintOf(nodes: readonly Node[]): ConstraintOf {
  const known = new Map<string, readonly string[]>();
  return (pod) => {
    const selector = pod.spec?.nodeSelector;
    const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
    const labels = selector !== undefined && Object.keys(selector).length > 0 ? selector : undefined;
    if (terms === undefined) return labels === undefined ? undefined : { labels };
    const key = JSON.stringify(terms);
    const names =
      known.get(key) ?? nodes.filter((node) => satisfies(node, terms)).map((node) => node.metadata.name ?? '');
    known.set(key, names);
    return { ...(labels === undefined ? {} : { labels }), names };
  };
}

/** Whether a node satisfies required node affinity: any term, and all of its requirements; an empty term matches none. */
export function satisfies(node: Node, terms: readonly Term[]): boolean {
  return terms.some(({ matchExpressions = [], matchFields = [] }) => {
    if (matchExpressions.length + matchFields.length === 0) return false;
    const labelled = matchExpressions.every((one) => holds(one, node.metadata.labels?.[one.key]));
    return labelled && matchFields.every((one) => one.key === 'metadata.name' && holds(one, node.metadata.name));
  });
}

/** The operators of a node selector [K8 component-helpers/scheduling/corev1/nodeaffinity]. */
function holds({ operator, values = [] }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return isInteger(value) && isInteger(values[0]) && BigInt(value) > BigInt(values[0]);
    case 'Lt':
      return isInteger(value) && isInteger(values[0]) && BigInt(value) < BigInt(values[0]);
    default:
      return false;
  }
}

function isInteger(text: string | undefined): text is string {
  return text !== undefined && /^-?\d{1,19}$/.test(text);
}
