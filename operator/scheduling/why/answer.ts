import { kinds } from '../../api/index.ts';
import { keyText, Pod } from '../../kube/index.ts';
import { createTenantOf, isFinished, podRequests, takesRoom } from '../../pools/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { decide, explain } from '../decide.ts';
import { expectationOf } from '../eta/expectation.ts';
import { runsAmong } from '../eta/record.ts';
import type { Expectation } from '../eta/replay.ts';
import { PLAN_LABEL } from '../names.ts';
import { observe } from '../observe.ts';
import type { Answer, Counterfactual } from '../planner/index.ts';
import { conditionOf, isGated, pinnedNode } from '../pod-state.ts';

/** Where a pod stands, for a person. */
export type WhyState = 'Waiting' | 'Placeable' | 'Released' | 'Running' | 'Ended' | 'NotManaged' | 'Deleting';

/** The answer of `gpuopt why`, as printed with --json. */
export interface Why {
  readonly pod: string;
  readonly namespace: string;
  readonly state: WhyState;
  readonly sentence: string;
  readonly tenant?: string;
  readonly node?: string;
  /** Key of the gang and its waiting pods, where the pod is not alone. */
  readonly gang?: string;
  readonly gangPods?: number;
  readonly blocker?: string;
  readonly also?: readonly string[];
  readonly need?: number;
  readonly have?: number;
  readonly unit?: Answer['unit'];
  /** When it is expected to start, where run times of what is in its way are known; times in UTC. */
  readonly eta?: { readonly p50: string; readonly p90: string; readonly basis: Expectation['basis'] };
  /** Smallest changes that would let it start, cheapest first. */
  readonly counterfactuals?: readonly Counterfactual[];
}

/** Why the pod is where it is; undefined when there is no such pod. */
export function why(reader: Reader, now: Date, namespace: string, name: string): Why | undefined {
  const pod = reader.get(Pod, { namespace, name });
  if (pod === undefined) return undefined;
  const tenant = createTenantOf(reader.list(kinds.Tenant))(namespace);
  const common = { pod: name, namespace, ...(tenant === undefined ? {} : { tenant }) };
  return { ...common, ...(settled(pod, tenant) ?? gated(pod, reader, now)) };
}

type Finding = Omit<Why, 'pod' | 'namespace' | 'tenant'>;

function settled(pod: Pod, tenant: string | undefined): Finding | undefined {
  const node = pod.spec?.nodeName;
  if (isFinished(pod)) return { state: 'Ended', sentence: `it has ended (${pod.status?.phase})` };
  if (takesRoom(pod)) return { state: 'Running', node, sentence: `it does not wait: it is on node ${node}` };
  if (pod.metadata.deletionTimestamp !== undefined) return { state: 'Deleting', sentence: 'it is being deleted' };
  if (isGated(pod)) return undefined;
  return pod.metadata.labels?.[PLAN_LABEL] === undefined ? unmanaged(pod, tenant) : released(pod);
}

function released(pod: Pod): Finding {
  const node = pinnedNode(pod);
  const scheduler = conditionOf(pod, 'PodScheduled');
  const told = scheduler?.message === undefined ? '' : `, which says: ${scheduler.message}`;
  return {
    state: 'Released',
    node,
    sentence: `the planner has released it${node === undefined ? '' : ` to node ${node}`}; what is left is kube-scheduler's${told}`,
  };
}

function unmanaged(pod: Pod, tenant: string | undefined): Finding {
  const namespace = pod.metadata.namespace ?? '';
  const reasons = [
    tenant === undefined ? `no Tenant selects namespace ${namespace}` : undefined,
    podRequests(pod).devices.length === 0 ? 'it asks for no NVIDIA resource' : undefined,
    pod.spec?.schedulerName !== undefined && pod.spec.schedulerName !== 'default-scheduler'
      ? `it is for the scheduler ${pod.spec.schedulerName}`
      : undefined,
  ].filter((reason) => reason !== undefined);
  const because = reasons.length > 0 ? reasons.join(' and ') : 'it was created before its namespace was managed';
  return { state: 'NotManaged', sentence: `GPU Optimizer does not place it, because ${because}` };
}

function gated(pod: Pod, reader: Reader, now: Date): Finding {
  const facts = observe(reader, now, { runs: runsAmong(reader) });
  const key = keyText(pod);
  const queued = facts.queue.find(({ pods }) => pods.has(key));
  if (queued === undefined) return { state: 'NotManaged', sentence: 'the planner does not know it; report this' };
  const group = queued.pods.size > 1 ? { gang: queued.gang.key, gangPods: queued.pods.size } : {};
  const decision = decide(facts);
  if (decision.release.some(({ gang }) => gang === queued.gang.key)) {
    const node = decision.release.flatMap(({ releases }) => releases).find((one) => one.pod === pod)?.node;
    const where = node === undefined ? '' : ` on node ${node}`;
    const sentence = `there is a place for it${where}; the operator releases it in its next pass, if it runs`;
    return { state: 'Placeable', ...group, node, sentence };
  }
  const { blocker, also, need, have, unit, sentence, counterfactuals } = explain(decision, queued, facts);
  const eta = etaOf(expectationOf(facts, decision, queued));
  return { state: 'Waiting', ...group, blocker, also, need, have, unit, sentence, ...eta, counterfactuals };
}

function etaOf(found: Expectation | undefined): Pick<Why, 'eta'> {
  if (found === undefined) return {};
  const utc = (millis: number): string => `${new Date(millis).toISOString().slice(0, 19)}Z`;
  return { eta: { p50: utc(found.p50), p90: utc(found.p90), basis: found.basis } };
}
