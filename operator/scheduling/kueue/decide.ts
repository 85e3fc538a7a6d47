import { keyText, type Pod } from '../../kube/index.ts';
import type { TenantOf } from '../../pools/index.ts';
import type { Decision } from '../decide.ts';
import { demandOf, type Facts } from '../observe.ts';
import {
  type Answer,
  type Gang,
  type Member,
  type NodeConstraint,
  type NodeFacts,
  planQueue,
} from '../planner/index.ts';
import type { NearOf } from '../topology/nearness.ts';
import type { PodSet, PodSetUpdate } from './kinds.ts';
import type { CheckedWorkload, CheckFacts } from './workloads.ts';

/** The answer to the checks of one workload. */
export interface CheckAnswer {
  readonly checked: CheckedWorkload;
  readonly state: 'Ready' | 'Retry';
  readonly message: string;
  readonly podSetUpdates: readonly PodSetUpdate[];
}

/** How pods of a workload are read for the planner. */
export interface CheckReading {
  readonly constraintOf: (pod: Pod) => NodeConstraint | undefined;
  readonly nearOf: NearOf;
  readonly tenantOf: TenantOf;
  /** Labels of all topology levels of the pools. */
  readonly levels: readonly string[];
}

/**
 * Answers which waiting workloads have room, on what is left after the planner's own queue and what was promised before:
 * no room is promised twice. One that has none is told to try again, which gives its quota to others meanwhile.
 */
export function decideChecks(
  { pending, promised }: CheckFacts,
  facts: Facts,
  { planner, policy }: Decision,
  reading: CheckReading,
): readonly CheckAnswer[] {
  const plan = (some: readonly CheckedWorkload[]) => {
    const queue = some.map((checked) => gangOf(checked, reading)).filter(({ members }) => members.length > 0);
    return planQueue(planner, { ...facts, queue, policy, explain: 'blocker' });
  };
  plan(promised);
  const { place, waiting } = plan(pending);
  const nodes = new Map(facts.nodes.map((node) => [node.name, node]));
  const nodeOf = new Map(place.map(({ member, node }) => [member, nodes.get(node)]));
  const answers = new Map(waiting.map((answer) => [answer.gang, answer]));
  return pending.map((checked) => {
    const answer = answers.get(gangKey(checked));
    return answer === undefined ? ready(checked, nodeOf, reading.levels) : retry(checked, answer);
  });
}

function gangKey({ workload }: CheckedWorkload): string {
  return `workload/${keyText(workload)}`;
}

function gangOf(checked: CheckedWorkload, { constraintOf, nearOf, tenantOf }: CheckReading): Gang {
  const { workload, flavourLabels } = checked;
  const pods = (workload.spec?.podSets ?? []).flatMap((podSet) => podsOf(checked, podSet));
  const members = pods.flatMap(({ key, pod, set }): Member[] => {
    const demand = demandOf(pod);
    if (demand.gpus.length === 0) return [];
    const chosen = constraintOf(pod);
    const where = { ...chosen, labels: { ...chosen?.labels, ...flavourLabels.get(set) } };
    const formed = { key: gangKey(checked), pods: pods.map((one) => one.pod), urgent: false, beside: [] };
    return [{ key, ...demand, where, near: nearOf(pod, where, formed), tolerations: pod.spec?.tolerations }];
  });
  return {
    key: gangKey(checked),
    tenant: tenantOf(workload.metadata.namespace ?? ''),
    priority: workload.spec?.priority ?? 0,
    since: Date.parse(workload.metadata.creationTimestamp ?? ''),
    members,
  };
}

function podsOf({ workload }: CheckedWorkload, { name, count, template }: PodSet) {
  const { namespace } = workload.metadata;
  const { labels, annotations } = template.metadata ?? {};
  return Array.from({ length: count }, (_, at) => {
    const key = `${gangKey({ workload, checks: [], flavourLabels: new Map() })}/${name}/${at}`;
    const metadata = { name: key, namespace, annotations, labels: { ...labels, 'kueue.x-k8s.io/podset': name } };
    return { key, set: name, pod: { metadata, spec: template.spec } satisfies Pod };
  });
}

function ready(
  checked: CheckedWorkload,
  nodeOf: ReadonlyMap<string, NodeFacts | undefined>,
  levels: readonly string[],
): CheckAnswer {
  const updates = (checked.workload.spec?.podSets ?? []).flatMap((podSet): PodSetUpdate[] => {
    const nodes = podsOf(checked, podSet)
      .map(({ key }) => nodeOf.get(key))
      .filter((node) => node !== undefined);
    const given = { ...podSet.template.spec?.nodeSelector, ...checked.flavourLabels.get(podSet.name) };
    const selector = Object.entries(commonLabels(nodes, levels)).filter(([key]) => !(key in given));
    return selector.length === 0 ? [] : [{ name: podSet.name, nodeSelector: Object.fromEntries(selector) }];
  });
  return { checked, state: 'Ready', message: 'The planner has room for all of its pods.', podSetUpdates: updates };
}

const HOSTNAME = 'kubernetes.io/hostname';

/** Labels that lead to where the pods were planned: their node where it is one, else the domains that they share. */
function commonLabels(nodes: readonly NodeFacts[], levels: readonly string[]): Readonly<Record<string, string>> {
  const shared = (key: string): string | undefined => {
    const values = new Set(nodes.map(({ labels }) => labels[key]));
    return values.size === 1 ? [...values][0] : undefined;
  };
  const host = shared(HOSTNAME);
  if (host !== undefined) return { [HOSTNAME]: host };
  const keys = [...levels, 'gpuoptimizer.io/pool'];
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value = shared(key);
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

function retry(checked: CheckedWorkload, { blocker, sentence }: Answer): CheckAnswer {
  return { checked, state: 'Retry', message: `${blocker}: ${sentence}`, podSetUpdates: [] };
}
