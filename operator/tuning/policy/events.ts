import { kinds, type OptimizationPolicy } from '../../api/index.ts';
import { Pod } from '../../kube/index.ts';
import type { EventIntent } from '../../runtime/index.ts';
import type { Withdrawal } from './decide.ts';
import type { Proposal } from './proposal.ts';

/** Tells on a pod of the workload that its GPUs are not used. */
export function idleFound(namespace: string, { name, pod, spec }: Proposal): EventIntent {
  return {
    regarding: { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name: pod.name, uid: pod.uid } },
    kind: Pod,
    type: 'Normal',
    reason: 'GPUIdle',
    action: 'Recommend',
    note: spec.reason.slice(0, 1_000),
    dedupeKey: `idle/${name}`,
  };
}

const because: Readonly<Record<Withdrawal['why'], string>> = {
  BusyAgain: 'its GPUs are in use again',
  Ended: 'it does not hold GPUs any more',
  Kept: 'its owner asked to keep it',
  Superseded: 'another proposal takes its place',
  NotAsked: 'the policy does not ask for recommendations',
};

/** Tells on the policy that a recommendation was taken back. */
export function withdrawn(policy: OptimizationPolicy, { recommendation, why }: Withdrawal): EventIntent {
  const { kind, name } = recommendation.spec.targetRef;
  return {
    regarding: policy,
    kind: kinds.OptimizationPolicy,
    type: 'Normal',
    reason: 'RecommendationWithdrawn',
    action: 'Withdraw',
    note: `The recommendation for ${kind} ${name} is withdrawn: ${because[why]}.`,
    dedupeKey: `withdrawn/${recommendation.metadata.uid ?? recommendation.metadata.name}`,
  };
}
