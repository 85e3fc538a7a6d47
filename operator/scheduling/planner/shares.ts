import { capacityMilliOf, type Snapshot, slotMilliOf } from './snapshot.ts';
import type { Amounts, Demand, Gang, NodeFacts, Quota, Tenancy } from './types.ts';

/** Nothing of anything. */
export const NOTHING: Amounts = { gpuMilli: 0, cpuMilli: 0, memoryMiB: 0 };

/** Every resource of `Amounts`. */
const RESOURCES = ['gpuMilli', 'cpuMilli', 'memoryMiB'] as const;

/**
 * The average use after `millis` more of holding `held`: what was before weighs half as much after each half life. It is
 * the use itself where the half life is 0, and never leaves the range of what was held.
 */
export function decayed(before: Amounts, held: Amounts, millis: number, halfLifeMillis: number): Amounts {
  const kept = halfLifeMillis === 0 ? 0 : 2 ** (-Math.max(0, millis) / halfLifeMillis);
  const mix = (name: (typeof RESOURCES)[number]): number => before[name] * kept + held[name] * (1 - kept);
  return { gpuMilli: mix('gpuMilli'), cpuMilli: mix('cpuMilli'), memoryMiB: mix('memoryMiB') };
}

/**
 * The dominant share of a tenant: the largest part of a pool's GPUs, CPU or memory, divided by its weight. Past and
 * present count alike: it is the average as it will be after one half life of holding what is held now, so that a tenant
 * that was just given much is not given more because its average lags behind.
 */
export function dominantShare(average: Amounts, held: Amounts, capacity: Amounts, weight: number): number {
  const part = (name: (typeof RESOURCES)[number]): number =>
    capacity[name] === 0 ? 0 : (average[name] + held[name]) / 2 / capacity[name];
  return Math.max(...RESOURCES.map(part)) / weight;
}

/** The shares of tenants while a queue is planned. */
export interface Shares {
  /** The smallest dominant share that the tenant has in one of the pools. */
  readonly of: (tenant: string, pools: readonly string[]) => number;
  /** Counts a gang that was placed. */
  readonly add: (gang: Gang) => void;
}

/** The shares of tenants over what a snapshot holds; pods without a tenant count together, under the empty name. */
export function createShares(snapshot: Snapshot, tenancy: Tenancy, quotas: readonly Quota[]): Shares {
  const capacity = capacities(snapshot);
  const weights = new Map(quotas.map(({ tenant, pool, weight }) => [keyOf(tenant, pool ?? ''), weight]));
  const averages = new Map(tenancy.usage.map(({ tenant, pool, average }) => [keyOf(tenant, pool), average]));
  const held = new Map<string, Amounts>();
  const count = (key: string): void => {
    const taken = snapshot.taken.get(key);
    if (taken === undefined) return;
    const of = keyOf(taken.tenant ?? '', snapshot.nodes[taken.node]?.pool ?? '');
    const { cpuMilli, memoryMiB, chargedMilli } = taken;
    held.set(of, sum(held.get(of) ?? NOTHING, { gpuMilli: chargedMilli, cpuMilli, memoryMiB }));
  };
  for (const key of snapshot.taken.keys()) count(key);
  const shareIn = (tenant: string, pool: string): number => {
    const of = keyOf(tenant, pool);
    const weight = weights.get(of) ?? tenancy.weights.get(pool) ?? 1;
    const now = held.get(of) ?? NOTHING;
    return dominantShare(averages.get(of) ?? NOTHING, now, capacity.get(pool) ?? NOTHING, weight);
  };
  return {
    of: (tenant, pools) => Math.min(...pools.map((pool) => shareIn(tenant, pool))),
    add: ({ members }) => {
      for (const { key } of members) count(key);
    },
  };
}

/** What is held by tenant and pool, as `heldBy.get(keyOf(tenant, pool))`. */
export function keyOf(tenant: string, pool: string): string {
  return `${tenant}\n${pool}`;
}

/** Adds up. */
export function sum(left: Amounts, right: Amounts): Amounts {
  return {
    gpuMilli: left.gpuMilli + right.gpuMilli,
    cpuMilli: left.cpuMilli + right.cpuMilli,
    memoryMiB: left.memoryMiB + right.memoryMiB,
  };
}

/** What a demand costs on a node in thousandths of a GPU; what the node does not offer costs nothing. */
export function costOf(node: NodeFacts, { gpus }: Demand): number {
  return gpus.reduce((total, gpu) => {
    if (gpu.kind === 'share') return total + gpu.milli;
    if (gpu.resource === node.gpus.resource) return total + gpu.count * slotMilliOf(node);
    const each = node.resources.find(({ name }) => name === gpu.resource)?.milliEach ?? 0;
    return total + gpu.count * each;
  }, 0);
}

function capacities({ nodes }: Snapshot): ReadonlyMap<string, Amounts> {
  const found = new Map<string, Amounts>();
  for (const node of nodes) {
    const pool = node.pool ?? '';
    const { cpuMilli, memoryMiB } = node;
    found.set(pool, sum(found.get(pool) ?? NOTHING, { gpuMilli: capacityMilliOf(node), cpuMilli, memoryMiB }));
  }
  return found;
}
