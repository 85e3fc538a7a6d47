/** Keeps on each node what its pool puts there: labels, taints, and a taint while the node is unfit. */
import { type GPUPool, kinds } from '../../api/index.ts';
import { Node, Pod, seconds } from '../../kube/index.ts';
import { Conflict, type Context, type Controller, controller, type Key, type Reader } from '../../runtime/index.ts';
import { createPoolClaims } from '../membership.ts';
import { OPERATION_ANNOTATION } from '../nvidia/labels.ts';
import { HOLDERS_BY_NODE, holderNode } from '../reconfigure/observe.ts';
import { type InstalledProbe, isMixed, readsClusterPolicy, readsGPUCluster } from '../world.ts';
import { healthEvent } from './events.ts';
import { holdsBadDevice, type Sickness, sickness, toDrain } from './health.ts';
import { decideMarks, type MarkPlan, UNHEALTHY_ANNOTATION } from './marks.ts';

/** How soon a node is looked at again that nobody may write now. */
const MIXED_MILLIS = seconds(30);

/** The controller of nodes; nodes that never were in a pool are read and left alone. */
export function poolNodeController(probe: InstalledProbe): Controller {
  return controller(Node, 'poolnode')
    .when(nodeChanged)
    .watches(kinds.GPUPool, everyNode, {
      when: (now, before) => now.metadata.generation !== before.metadata.generation,
    })
    .watches(Pod, nodeOfBadDevice, {
      when: (now, before) => holdsBadDevice(now) !== holdsBadDevice(before),
    })
    .index(Pod, HOLDERS_BY_NODE, holderNode)
    .may({
      group: '',
      resource: 'nodes',
      verbs: ['patch'],
      in: 'cluster',
      why: 'puts the labels and taints of a pool on its nodes, and a taint on those that are unfit',
    })
    .may({
      group: '',
      resource: 'pods/eviction',
      verbs: ['create'],
      in: 'cluster',
      why: 'evicts pods from GPUs that the kubelet reports as unhealthy, where a pool says DrainAffected',
    })
    .may(readsClusterPolicy)
    .may(readsGPUCluster)
    .withoutStatus()
    .concurrency(4)
    .every('10m')
    .reconcile(async (node, ctx) => {
      if (isMixed(await probe(ctx))) return { after: MIXED_MILLIS };
      const [pool] = createPoolClaims(ctx.list(kinds.GPUPool))(node);
      const sick = sicknessOf(node, pool);
      const plan = decideMarks(node, pool, sick, ctx.now());
      await mark(node, plan, ctx);
      if (plan.became !== undefined) ctx.event(healthEvent(node, plan.became, sick));
      if (sick !== undefined) await drain(node, pool, ctx);
      return plan.after === undefined ? {} : { after: plan.after };
    });
}

/** While this operator changes how the GPUs are shared, they come and go, which is no illness. */
function sicknessOf(node: Node, pool: GPUPool | undefined): Sickness | undefined {
  const changing = node.metadata.annotations?.[OPERATION_ANNOTATION] !== undefined;
  return pool?.spec.health === undefined || changing ? undefined : sickness(node, pool.spec.health.signals);
}

async function mark(node: Node, { metadata, taints }: MarkPlan, ctx: Context): Promise<void> {
  if (metadata === undefined && taints === undefined) return;
  const { name = '', uid, resourceVersion } = node.metadata;
  // The list of taints is replaced whole, so it must be the one that was read.
  const body = {
    metadata: { ...metadata, ...(taints !== undefined && { resourceVersion }) },
    ...(taints !== undefined && { spec: { taints } }),
  };
  await ctx.patch(Node, { name, uid }, { type: 'merge', body });
}

async function drain(node: Node, pool: GPUPool | undefined, ctx: Context): Promise<void> {
  const pods = ctx.list(Pod, { index: { name: HOLDERS_BY_NODE, value: node.metadata.name ?? '' } });
  for (const pod of toDrain(node, pods, pool?.spec.health?.action)) {
    try {
      await ctx.evict(pod);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }
  }
}

/** Labels, annotations, taints, conditions and resources; heartbeats change none of them. */
function nodeChanged(now: Node, before: Node | undefined): boolean {
  if (before === undefined) return true;
  const facts = ({ metadata, spec, status }: Node): string =>
    JSON.stringify([
      metadata.labels,
      metadata.annotations?.[OPERATION_ANNOTATION] !== undefined,
      metadata.annotations?.[UNHEALTHY_ANNOTATION],
      spec?.taints,
      status?.allocatable,
      status?.capacity,
      status?.conditions?.map(({ type, status: value }) => [type, value]),
    ]);
  return facts(now) !== facts(before);
}

function nodeOfBadDevice(pod: Pod): readonly Key[] {
  return holdsBadDevice(pod) ? holderNode(pod).map((name) => ({ name })) : [];
}

function everyNode(_pool: GPUPool, reader: Reader): readonly Key[] {
  return reader.list(Node).map(({ metadata }) => ({ name: metadata.name ?? '' }));
}
