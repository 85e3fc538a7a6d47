import type { Tenant, TenantShare } from '../../api/index.ts';
import { type Amounts, type AverageUse, costOf, decayed, keyOf, NOTHING, sum } from '../planner/index.ts';
import type { TenancySource } from './source.ts';

/** How often the average use of tenants is written to their status, in milliseconds. */
const SAMPLE_MILLIS = 300_000;
/** Half life where a pool does not say one: a day. */
const HALF_LIFE_SECONDS = 86_400;

/** One entry of a tenant's status. */
export type ShareSample = TenantShare;

/**
 * The average use of every tenant up to now, from its status and what it holds, and what its status is to say next. Nothing
 * else is remembered, so a restart loses nothing and everybody who reads the status gets the same answer.
 */
export function sampleShares(source: Omit<TenancySource, 'gpus' | 'ends' | 'fixed'>): {
  readonly usage: readonly AverageUse[];
  readonly shares: ReadonlyMap<string, readonly ShareSample[]>;
} {
  const held = heldBy(source);
  const usage: AverageUse[] = [];
  const shares = new Map<string, readonly ShareSample[]>();
  for (const tenant of source.tenants) {
    const samples: ShareSample[] = [];
    for (const { metadata, spec } of source.pools) {
      const pool = metadata.name;
      const now = held.get(keyOf(tenant.metadata.name, pool)) ?? NOTHING;
      const halfLife = (spec.tenancy?.halfLifeSeconds ?? HALF_LIFE_SECONDS) * 1000;
      const known = sampleOf(tenant, pool);
      const average = averageAt(known, now, halfLife, source.now);
      if (isNothing(average)) continue;
      usage.push({ tenant: tenant.metadata.name, pool, average });
      samples.push(isFresh(known, source.now) ? known : sample(pool, average, source.now));
    }
    shares.set(tenant.metadata.name, samples.filter((one) => !isNothing(one)).slice(0, 64));
  }
  return { usage, shares };
}

function sampleOf(tenant: Tenant, pool: string): ShareSample | undefined {
  return tenant.status?.shares?.find((share) => share.pool === pool);
}

/** A tenant that is new begins with nothing: its average grows from the first sample on. */
function averageAt(known: ShareSample | undefined, held: Amounts, halfLife: number, now: number): Amounts {
  if (known === undefined) return decayed(NOTHING, held, SAMPLE_MILLIS, halfLife);
  return decayed(known, held, now - Date.parse(known.observedTime), halfLife);
}

function isFresh(known: ShareSample | undefined, now: number): known is ShareSample {
  return known !== undefined && now - Date.parse(known.observedTime) < SAMPLE_MILLIS;
}

function sample(pool: string, average: Amounts, now: number): ShareSample {
  return {
    pool,
    gpuMilli: Math.round(average.gpuMilli),
    cpuMilli: Math.round(average.cpuMilli),
    memoryMiB: Math.round(average.memoryMiB),
    observedTime: `${new Date(now).toISOString().slice(0, 19)}Z`,
  };
}

/** Whether rounding leaves nothing of it. */
function isNothing({ gpuMilli, cpuMilli, memoryMiB }: Amounts): boolean {
  return gpuMilli < 0.5 && cpuMilli < 0.5 && memoryMiB < 0.5;
}

function heldBy({ held, nodes }: Pick<TenancySource, 'held' | 'nodes'>): ReadonlyMap<string, Amounts> {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const found = new Map<string, Amounts>();
  for (const holding of held) {
    const node = byName.get(holding.node);
    if (node?.pool === undefined || holding.tenant === undefined) continue;
    const key = keyOf(holding.tenant, node.pool);
    const { cpuMilli, memoryMiB } = holding;
    found.set(key, sum(found.get(key) ?? NOTHING, { gpuMilli: costOf(node, holding), cpuMilli, memoryMiB }));
  }
  return found;
}
