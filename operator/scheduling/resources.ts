import type { Pod } from '../kube/index.ts';
import type { ConditionIntent, PatchBody } from '../runtime/index.ts';
import type { Release } from './decide.ts';
import { GATE, PLAN_LABEL } from './names.ts';
import { conditionOf } from './pod-state.ts';

/**
 * The one patch that releases a pod: takes our gate off, pins the pod to its node and marks the plan. The node is added
 * to every term of the required affinity, because terms may be tightened while the pod is gated but neither added nor
 * dropped [K8 pkg/apis/core/validation]; the name in matchFields is also kube-scheduler's shortest path.
 */
export function releasePatch({ pod, node }: Release, plan: string): PatchBody {
  const pinned = node === undefined ? {} : { affinity: { nodeAffinity: requiredOn(pod, node) } };
  return {
    type: 'strategic',
    body: {
      metadata: { labels: { [PLAN_LABEL]: plan } },
      spec: { schedulingGates: [{ $patch: 'delete', name: GATE }], ...pinned },
    },
  };
}

function requiredOn(pod: Pod, node: string): object {
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const pin = { key: 'metadata.name', operator: 'In', values: [node] };
  const terms = required?.nodeSelectorTerms ?? [{}];
  const nodeSelectorTerms = terms.map((term) => ({ ...term, matchFields: [...(term.matchFields ?? []), pin] }));
  return { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
}

/** Sets one condition of a pod; the time moves only with the status. */
export function conditionPatch(pod: Pod, condition: ConditionIntent, now: Date): PatchBody {
  const before = conditionOf(pod, condition.type);
  const moved = before?.status !== condition.status || before.lastTransitionTime === undefined;
  const lastTransitionTime = moved ? `${now.toISOString().slice(0, 19)}Z` : before.lastTransitionTime;
  return {
    type: 'strategic',
    subresource: 'status',
    body: { status: { conditions: [{ ...condition, lastTransitionTime }] } },
  };
}
