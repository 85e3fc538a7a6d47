/** Keeps the status of each GPUPool true: what its nodes have, what pods hold, and what stands in the way. */
import { type GPUPool, kinds } from '../../api/index.ts';
import { Node, Pod } from '../../kube/index.ts';
import { type Controller, controller, type Key, type Reader } from '../../runtime/index.ts';
import { createPoolClaims } from '../membership.ts';
import { holdingChanged, offerChanged } from '../wakes.ts';
import type { InstalledProbe } from '../world.ts';
import { decide } from './decide.ts';
import { eventFor } from './events.ts';
import type { PoolMetrics } from './metrics.ts';
import { nodeOfPod, observe, PODS_BY_NODE } from './observe.ts';
import { report } from './report.ts';

/** The controller of GPUPools. It writes nothing but status, so a pool can go at any time and nothing breaks. */
export function gpuPoolController(probe: InstalledProbe, metrics: PoolMetrics): Controller {
  return controller(kinds.GPUPool)
    .watches(kinds.GPUPool, everyPool, {
      when: (now, before) => now.metadata.generation !== before.metadata.generation,
    })
    .watches(Node, poolsOfNode, { when: offerChanged })
    .watches(Pod, poolsOfPod, { when: holdingChanged })
    .index(Pod, PODS_BY_NODE, nodeOfPod)
    .may({
      group: 'nvidia.com',
      resource: 'clusterpolicies',
      verbs: ['get'],
      in: 'cluster',
      why: 'finds out whether the GPU Operator runs the device plugin',
    })
    .may({
      group: 'nvidia.com',
      resource: 'gpuclusters',
      verbs: ['get'],
      in: 'cluster',
      why: 'finds out whether the GPU Operator runs the DRA driver',
    })
    .debounce('1s')
    .every('10m')
    .gone(async (key) => metrics.drop(key.name))
    .reconcile(async (pool, ctx) => {
      const facts = observe(pool, ctx, await probe(ctx));
      const findings = decide(pool.spec, facts);
      const status = report(pool.spec, facts, findings);
      metrics.show(pool.metadata.name, status);
      for (const finding of findings) {
        const event = eventFor(pool, finding);
        if (event !== undefined) ctx.event(event);
      }
      return { status };
    });
}

function everyPool(_changed: GPUPool, reader: Reader): readonly Key[] {
  return reader.list(kinds.GPUPool).map((pool) => ({ name: pool.metadata.name }));
}

function poolsOfNode(node: Node, reader: Reader): readonly Key[] {
  return createPoolClaims(reader.list(kinds.GPUPool))(node).map((pool) => ({ name: pool.metadata.name }));
}

function poolsOfPod(pod: Pod, reader: Reader): readonly Key[] {
  const node = pod.spec?.nodeName === undefined ? undefined : reader.get(Node, { name: pod.spec.nodeName });
  return node === undefined ? [] : poolsOfNode(node, reader).slice(0, 1);
}
