/** Keeps kube-scheduler's allocator off the devices of pools that allocate theirs themselves, and off no others. */
import { type GPUPool, kinds } from '../../api/index.ts';
import { DeviceTaintRule, Node, ResourceSlice } from '../../kube/index.ts';
import { type Context, type Controller, type EventIntent, NotFound, singleton } from '../../runtime/index.ts';
import { readDraNodes } from '../dra/index.ts';
import { createPoolClaims } from '../membership.ts';
import { decide } from './decide.ts';
import { RULE_LABEL, taintRule } from './resources.ts';

/** The controller of DeviceTaintRules. */
export function allocatorController(): Controller {
  return singleton('device-taints')
    .watches(kinds.GPUPool, { when: (now, before) => now.metadata.generation !== before?.metadata.generation })
    .watches(Node, {
      when: (now, before) => JSON.stringify(now.metadata.labels) !== JSON.stringify(before?.metadata.labels),
    })
    .watches(ResourceSlice)
    .watches(DeviceTaintRule)
    .may({
      group: 'resource.k8s.io',
      resource: 'devicetaintrules',
      verbs: ['create', 'patch', 'delete'],
      in: 'cluster',
      why: 'keeps kube-scheduler from allocating devices of pools whose allocator is GPUOptimizer',
    })
    .debounce('250ms')
    .every('10m')
    .reconcile(async (ctx) => {
      const poolsOf = createPoolClaims(ctx.list(kinds.GPUPool));
      const nodes = [...readDraNodes(ctx.list(ResourceSlice)).keys()].sort().map((node) => {
        const found = ctx.get(Node, { name: node });
        return { node, pool: found === undefined ? undefined : poolsOf(found)[0] };
      });
      const ours = ctx.list(DeviceTaintRule).filter(({ metadata }) => metadata.labels?.[RULE_LABEL] !== undefined);
      const plan = decide(nodes, ours);
      for (const rule of plan.remove) await ctx.remove(DeviceTaintRule, rule);
      for (const kept of plan.keep) if (!(await keep(kept, ctx))) break;
      return {};
    });
}

/** Applies one rule; false where the cluster knows no such rules. */
async function keep(kept: Parameters<typeof taintRule>[0], ctx: Context): Promise<boolean> {
  try {
    await ctx.apply(DeviceTaintRule, taintRule(kept), { owner: 'none' });
    return true;
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    ctx.event(unservedEvent(kept.pool));
    return false;
  }
}

function unservedEvent(pool: GPUPool): EventIntent {
  return {
    regarding: pool,
    kind: kinds.GPUPool,
    type: 'Warning',
    reason: 'GPUPoolAllocatorUnserved',
    action: 'TaintDevices',
    note: 'This cluster serves no devicetaintrules of resource.k8s.io/v1 (Kubernetes 1.37 does), so kube-scheduler cannot be kept off the devices and no claim is allocated here; set spec.sharing.dra.allocator to Scheduler.',
    dedupeKey: `${pool.metadata.uid}/GPUPoolAllocatorUnserved`,
  };
}
