import { group, type OptimizationRecommendation } from '../../api/index.ts';
import type { Proposal } from './proposal.ts';

/** The label that names the policy a recommendation comes from. */
const policyLabel = 'gpuoptimizer.io/policy';

/** The object of a proposal, owned by its target so that it goes with it. */
export function recommendationFor(namespace: string, { name, spec }: Proposal): OptimizationRecommendation {
  const { apiVersion, kind, name: owner, uid } = spec.targetRef;
  // A label's value ends at 63 characters, a policy's name at 253.
  const labels = spec.policyRef.name.length > 63 ? {} : { labels: { [policyLabel]: spec.policyRef.name } };
  return {
    apiVersion: `${group}/v1alpha1`,
    kind: 'OptimizationRecommendation',
    metadata: {
      name,
      namespace,
      ...labels,
      // Never the controller, and never in the way of the target's deletion.
      ownerReferences: [{ apiVersion, kind, name: owner, uid, controller: false, blockOwnerDeletion: false }],
    },
    spec,
  };
}
