import { kinds, type OptimizationPolicy, type OptimizationRecommendation } from '../../api/index.ts';
import { matchesSelector, Node, Pod } from '../../kube/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { type Target, targetOf } from './targets.ts';

/** What the cache says about a policy's namespace. */
export interface World {
  readonly namespace: string;
  readonly targets: readonly Target[];
  /** The recommendations that this policy has written. */
  readonly existing: readonly OptimizationRecommendation[];
}

/** The policy's targets and its recommendations. */
export function observe(policy: OptimizationPolicy, reader: Reader): World {
  const namespace = policy.metadata.namespace ?? '';
  const selector = policy.spec.podSelector ?? {};
  const targets = reader
    .list(Pod, { namespace })
    .filter((pod) => pod.metadata.deletionTimestamp === undefined)
    .filter((pod) => matchesSelector(selector, pod.metadata.labels))
    .flatMap((pod) => targetOf(pod, nodeOf(reader, pod.spec?.nodeName)) ?? []);
  return { namespace, targets, existing: recommendationsOf(reader, namespace, policy.metadata.name) };
}

/** The recommendations of one policy. */
export function recommendationsOf(
  reader: Reader,
  namespace: string,
  policy: string,
): readonly OptimizationRecommendation[] {
  return reader
    .list(kinds.OptimizationRecommendation, { namespace })
    .filter(({ spec }) => spec.policyRef.name === policy);
}

function nodeOf(reader: Reader, name: string | undefined): Node | undefined {
  return name === undefined ? undefined : reader.get(Node, { name });
}
