import { bytes, count, milliCpu, type Node } from '../kube/index.ts';
import { nodeAilment, nodeGpus } from '../pools/index.ts';
import type { DraOffer } from './dra/offers.ts';
import type { NodeFacts } from './planner/index.ts';

const MIB = 1024 * 1024;
const known = new WeakMap<Node, { readonly offer?: DraOffer; readonly facts: NodeFacts }>();

/** What a node offers, for the planner. Remembered by object, because cached nodes never change. */
export function nodeFacts(node: Node, pool: string, offer?: DraOffer): NodeFacts {
  const before = known.get(node);
  if (before?.facts.pool === pool && sameOffer(before.offer, offer)) return before.facts;
  const facts = withOffer(read(node, pool), offer);
  known.set(node, { offer, facts });
  return facts;
}

function sameOffer(left: DraOffer | undefined, right: DraOffer | undefined): boolean {
  return left?.room === right?.room && left?.problem === right?.problem;
}

/** A node whose devices a DRA driver hands out: its GPUs are in the room, however they are cut. */
function withOffer(facts: NodeFacts, offer: DraOffer | undefined): NodeFacts {
  if (offer === undefined) return facts;
  const { model, problem, resources, room } = offer;
  return {
    ...facts,
    model: model === '' ? facts.model : model,
    resources: [...facts.resources, ...resources],
    room,
    schedulable: facts.schedulable && problem === undefined,
    unschedulableReason: facts.unschedulableReason ?? problem,
  };
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
