/** Keeps what nodes advertise equal to what pools ask for: one careful change of a node at a time, resumed by whoever leads. */
import { kinds } from '../../api/index.ts';
import { Node, Pod, seconds } from '../../kube/index.ts';
import { type Context, type Controller, singleton } from '../../runtime/index.ts';
import { GATED, gatedForDevices } from '../dynamic/observe.ts';
import { LAYOUTS_CONFIG_MAP } from '../sharing/layouts.ts';
import { PLUGIN_CONFIG_MAP } from '../sharing/plugin-configs.ts';
import { type InstalledProbe, readsClusterPolicy, readsGPUCluster } from '../world.ts';
import { enact } from './enact.ts';
import type { ChangeMetrics } from './metrics.ts';
import { HOLDERS_BY_NODE, holderNode, OPERANDS, OPERANDS_BY_NODE, operandMark, operandNode } from './observe.ts';
import { type Changes, planChanges } from './plans.ts';
import { publish, published } from './publish.ts';
import { nodeMatters, podMatters } from './wakes.ts';

/** A look at everything when nothing is under way. */
const IDLE_MILLIS = seconds(20);

/** The controller of changes. All its state is on the nodes. */
export function reconfigurationController(probe: InstalledProbe, metrics: ChangeMetrics): Controller {
  return singleton('reconfiguration')
    .watches(kinds.GPUPool, { when: (now, before) => now.metadata.generation !== before?.metadata.generation })
    .watches(Node, { when: nodeMatters })
    .watches(Pod, { when: podMatters })
    .index(Pod, HOLDERS_BY_NODE, holderNode)
    .index(Pod, OPERANDS_BY_NODE, operandNode)
    .index(Pod, OPERANDS, operandMark)
    .index(Pod, GATED, gatedForDevices)
    .may({
      group: '',
      resource: 'nodes',
      verbs: ['patch'],
      in: 'cluster',
      why: 'cordons a node, sets the labels that tell how its GPUs are shared, and records the change',
    })
    .may({
      group: '',
      resource: 'pods/eviction',
      verbs: ['create'],
      in: 'cluster',
      why: 'empties GPUs that are about to change, as far as PodDisruptionBudgets allow',
    })
    .may({
      group: '',
      resource: 'configmaps',
      verbs: ['get', 'create', 'patch'],
      resourceNames: [LAYOUTS_CONFIG_MAP, PLUGIN_CONFIG_MAP],
      in: 'cluster',
      why: "writes MIG layouts and device plugin configurations into the namespace of NVIDIA's GPU Operator",
    })
    .may(readsClusterPolicy)
    .may(readsGPUCluster)
    .debounce('250ms')
    .every('1m')
    .reconcile(async (ctx) => {
      const changes = planChanges(ctx, await probe(ctx), ctx.now());
      await publishFor(changes, ctx);
      const waits: number[] = [];
      for (const { plan } of changes.plans) {
        const after = await enact(plan, ctx, metrics);
        if (after !== undefined) waits.push(after);
      }
      return { after: Math.min(IDLE_MILLIS, ...waits) };
    });
}

/** Layouts are published before any label names them, and only where somebody may read them. */
async function publishFor({ pools, nodes, plans }: Changes, ctx: Context): Promise<void> {
  const asked = pools.filter(
    ({ spec }) => spec.reconfiguration !== undefined && spec.reconfiguration.mode !== 'DryRun',
  );
  const busy = nodes.some(({ operation }) => operation !== undefined);
  const site = plans.find(({ site: found }) => found.policy !== undefined && found.world === 'DevicePlugin')?.site;
  if (site?.namespace === undefined || site.mixed || (asked.length === 0 && !busy)) return;
  const targets = plans.flatMap(({ plan, demanded }) => [
    ...plan.starts.map(({ operation }) => operation.target),
    ...demanded.map(({ target }) => target),
  ]);
  await publish(published(asked, nodes, targets), site.namespace, ctx);
}
