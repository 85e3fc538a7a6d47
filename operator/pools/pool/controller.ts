/** Keeps the status of each GPUPool true: what its nodes have, what pods hold, and what stands in the way. */
import { type GPUPool, kinds, type Tenant } from '../../api/index.ts';
import { Node, Pod, ResourceClaim, ResourceSlice, seconds } from '../../kube/index.ts';
import { type Controller, controller, type Key, type Reader } from '../../runtime/index.ts';
import { GATED, gatedForDevices } from '../dynamic/observe.ts';
import { createPoolClaims } from '../membership.ts';
import {
  HOLDERS_BY_NODE,
  holderNode,
  OPERANDS,
  OPERANDS_BY_NODE,
  operandMark,
  operandNode,
} from '../reconfigure/observe.ts';
import { nodeMatters } from '../reconfigure/wakes.ts';
import { tenancyConditions } from '../tenancy/feasible.ts';
import { reservedByModel } from '../tenancy/occurrences.ts';
import { nextReservationChange } from '../tenancy/upcoming.ts';
import { holdingChanged } from '../wakes.ts';
import { type InstalledProbe, readsClusterPolicy, readsGPUCluster } from '../world.ts';
import { decide } from './decide.ts';
import { eventFor } from './events.ts';
import type { PoolMetrics } from './metrics.ts';
import { CLAIMS_BY_NODE, nodeOfPod, nodesOfClaim, observe, PODS_BY_NODE } from './observe.ts';
import { report } from './report.ts';

type Status = ReturnType<typeof report>;

/** NVIDIA's own objects are not watched: where they are not installed there is nothing to watch. */
const SELDOM_MILLIS = seconds(120);
const SOON_MILLIS = seconds(20);

/** The controller of GPUPools. It writes nothing but status, so a pool can go at any time and nothing breaks. */
export function gpuPoolController(probe: InstalledProbe, metrics: PoolMetrics): Controller {
  return controller(kinds.GPUPool)
    .watches(kinds.GPUPool, everyPool, {
      when: (now, before) => now.metadata.generation !== before.metadata.generation,
    })
    .watches(kinds.Tenant, everyPool, {
      when: (now, before) => now.metadata.generation !== before.metadata.generation,
    })
    .watches(Node, poolsOfNode, { when: nodeMatters })
    .watches(Pod, poolsOfPod, { when: holdingChanged })
    .watches(ResourceClaim, poolsOfClaim)
    .watches(ResourceSlice, poolsOfSlice)
    .index(Pod, PODS_BY_NODE, nodeOfPod)
    .index(ResourceClaim, CLAIMS_BY_NODE, nodesOfClaim)
    .index(Pod, HOLDERS_BY_NODE, holderNode)
    .index(Pod, OPERANDS_BY_NODE, operandNode)
    .index(Pod, OPERANDS, operandMark)
    .index(Pod, GATED, gatedForDevices)
    .may(readsClusterPolicy)
    .may(readsGPUCluster)
    .debounce('1s')
    .every('10m')
    .gone(async (key) => metrics.drop(key.name))
    .reconcile(async (pool, ctx) => {
      const facts = observe(pool, ctx, await probe(ctx), ctx.now());
      const findings = decide(pool.spec, facts);
      const status = withTenancy(report(pool.spec, facts, findings), pool, ctx, ctx.now().getTime());
      metrics.show(pool.metadata.name, status);
      for (const finding of findings) {
        const event = eventFor(pool, finding);
        if (event !== undefined) ctx.event(event);
      }
      const after = pool.spec.reconfiguration === undefined ? SELDOM_MILLIS : SOON_MILLIS;
      return { status, after: Math.min(after, nextReservationChange(pool, ctx.now().getTime())) };
    });
}

function withTenancy(status: Status, pool: GPUPool, reader: Reader, now: number): Status {
  const conditions = tenancyConditions(pool, reader.list(kinds.Tenant), status, now);
  const reserved = reservedByModel(pool, now);
  const models = status.models?.map((one) => ({ ...one, reservedGpus: reserved.get(one.model) }));
  return { ...status, models, conditions: [...status.conditions, ...conditions] };
}

function everyPool(_changed: GPUPool | Tenant, reader: Reader): readonly Key[] {
  return reader.list(kinds.GPUPool).map((pool) => ({ name: pool.metadata.name }));
}

function poolsOfNode(node: Node, reader: Reader): readonly Key[] {
  return createPoolClaims(reader.list(kinds.GPUPool))(node).map((pool) => ({ name: pool.metadata.name }));
}

function poolsOfPod(pod: Pod, reader: Reader): readonly Key[] {
  const node = pod.spec?.nodeName === undefined ? undefined : reader.get(Node, { name: pod.spec.nodeName });
  return node === undefined ? [] : poolsOfNode(node, reader).slice(0, 1);
}

function poolsOfClaim(claim: ResourceClaim, reader: Reader): readonly Key[] {
  return nodesOfClaim(claim).flatMap((name) => poolsOfName(name, reader));
}

function poolsOfSlice({ spec }: ResourceSlice, reader: Reader): readonly Key[] {
  return poolsOfName(spec.nodeName ?? '', reader);
}

function poolsOfName(name: string, reader: Reader): readonly Key[] {
  const node = reader.get(Node, { name });
  return node === undefined ? [] : poolsOfNode(node, reader).slice(0, 1);
}
