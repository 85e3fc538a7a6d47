import { bytes, count, milliCpu, type Node } from '../kube/index.ts';
import { nodeAilment, nodeGpus } from '../pools/index.ts';
import type { NodeFacts } from './planner/index.ts';

const MIB = 1024 * 1024;
const known = new WeakMap<Node, NodeFacts>();

/** What a node offers, for the planner. Remembered by object, because cached nodes never change. */
export function nodeFacts(node: Node, pool: string): NodeFacts {
  const before = known.get(node);
  if (before?.pool === pool) return before;
  const facts = read(node, pool);
  known.set(node, facts);
  return facts;
}

function read(node: Node, pool: string): NodeFacts {
  const gpus = nodeGpus(node);
  const allocatable = node.status?.allocatable ?? {};
  const ailment = nodeAilment(node);
  return {
    name: node.metadata.name ?? '',
    model: gpus.model,
    pool,
    cpuMilli: milliCpu(allocatable.cpu),
    memoryMiB: Math.floor(bytes(allocatable.memory) / MIB),
    pods: allocatable.pods === undefined ? undefined : count(allocatable.pods),
    gpus: { count: gpus.whole.count, resource: gpus.whole.resource, replicas: gpus.replicas },
    resources: gpus.resources.filter(({ name }) => name !== gpus.whole.resource),
    labels: node.metadata.labels ?? {},
    taints: node.spec?.taints ?? [],
    schedulable: ailment === undefined,
    unschedulableReason: ailment,
  };
}
