import type { Planner } from './place.ts';
import { heldOfModel, usedUnder } from './quota.ts';
import { keyOf } from './shares.ts';
import { partKey, type Snapshot } from './snapshot.ts';
import type { Gang, PreemptionPolicy, Quota, Victim } from './types.ts';

/** Why a gang may be evicted for another. */
export type Ground = 'Reclaim' | 'Priority';

/** A gang that may be evicted, and what it holds by pool. */
export interface Candidate {
  readonly victim: Victim;
  readonly ground: Ground;
  readonly milliByPool: ReadonlyMap<string, number>;
  /** The same by `partKey` of the pool and the model. */
  readonly milliByModel: ReadonlyMap<string, number>;
  readonly nodes: ReadonlySet<number>;
}

/** What decides who may be evicted. */
export interface Rights {
  readonly quotas: readonly Quota[];
  /** By pool; a pool that is missing evicts nobody. */
  readonly policies: ReadonlyMap<string, PreemptionPolicy>;
  readonly victims: readonly Victim[];
}

/**
 * Who may be evicted for a gang, one by one: within its guarantee, whoever of other tenants holds more than guaranteed;
 * where the pool lets priority count, also who has a lower one, of its own tenant or of one that holds more than
 * guaranteed. A gang that only asks for its guarantee has nothing borrowed, so those that it evicts cannot evict it back;
 * and lower priority never evicts higher.
 */
export function candidatesFor(
  planner: Planner,
  gang: Gang,
  guaranteed: boolean,
  { policies, victims }: Rights,
): readonly Candidate[] {
  return victims.flatMap((victim): readonly Candidate[] => {
    const held = heldOf(planner, victim);
    const rules = [...held.milliByPool.keys()].map((pool) => policies.get(pool) ?? 'Never');
    if (rules.length === 0 || rules.includes('Never')) return [];
    const other = victim.tenant === undefined || victim.tenant !== gang.tenant;
    if (guaranteed && other) return [{ victim, ground: 'Reclaim', ...held }];
    const lower = victim.priority < gang.priority && rules.every((rule) => rule === 'Priority');
    return lower ? [{ victim, ground: 'Priority', ...held }] : [];
  });
}

function heldOf({ snapshot }: Planner, { pods }: Victim): Pick<Candidate, 'milliByPool' | 'milliByModel' | 'nodes'> {
  const milliByPool = new Map<string, number>();
  const milliByModel = new Map<string, number>();
  const nodes = new Set<number>();
  for (const { key } of pods) {
    const taken = snapshot.taken.get(key);
    if (taken === undefined) continue;
    const { pool = '', model = '' } = snapshot.nodes[taken.node] ?? {};
    const part = partKey(pool, model);
    milliByPool.set(pool, (milliByPool.get(pool) ?? 0) + taken.chargedMilli);
    milliByModel.set(part, (milliByModel.get(part) ?? 0) + taken.chargedMilli);
    nodes.add(taken.node);
  }
  return { milliByPool, milliByModel, nodes };
}

/**
 * Whether these may be evicted together: nobody is taken more than is needed to bring him to his guarantee, nor
 * what is booked for him, and the budgets of all pods allow it.
 */
export function mayEvict(
  { snapshot }: Planner,
  gang: Gang,
  chosen: readonly Candidate[],
  quotas: readonly Quota[],
  disruptionsAllowed: ReadonlyMap<string, number>,
): boolean {
  const spent = new Map<string, number>();
  for (const { budgets } of chosen.flatMap(({ victim }) => victim.pods)) {
    for (const budget of budgets) spent.set(budget, (spent.get(budget) ?? 0) + 1);
  }
  for (const [budget, count] of spent) if (count > (disruptionsAllowed.get(budget) ?? 0)) return false;
  const others = chosen.filter(({ victim, ground }) => !(ground === 'Priority' && victim.tenant === gang.tenant));
  if (!quotas.every((quota) => leavesBooked(snapshot, quota, others))) return false;
  const losses = new Map<
    string,
    { readonly tenant: string; readonly pool: string; sum: number; most: number; all: boolean }
  >();
  for (const { victim, ground, milliByPool } of others) {
    if (victim.tenant === undefined) continue;
    for (const [pool, milli] of milliByPool) {
      const key = keyOf(victim.tenant, pool);
      const loss = losses.get(key) ?? { tenant: victim.tenant, pool, sum: 0, most: 0, all: false };
      loss.sum += milli;
      loss.most = Math.max(loss.most, milli);
      loss.all ||= ground === 'Priority';
      losses.set(key, loss);
    }
  }
  return [...losses.values()].every(({ tenant, pool, sum, most, all }) => {
    const quota = quotas.find((one) => one.tenant === tenant && one.pool === pool);
    const guaranteed = quota?.guaranteedMilli ?? 0;
    const used = usedUnder(snapshot, quota ?? { tenant, pool, limitMilli: 0 });
    // A gang is evicted whole, so the last one may take its tenant below; for priority alone nobody goes below.
    return all ? used - sum >= guaranteed : used - (sum - most) > guaranteed;
  });
}

/** Whether the tenant of a quota keeps what it holds of the GPUs that are booked for it by model. */
function leavesBooked(snapshot: Snapshot, { tenant, pool, booked = [] }: Quota, chosen: readonly Candidate[]): boolean {
  return booked.every(({ model, milli }) => {
    const spare = Math.max(0, heldOfModel(snapshot, tenant, pool, model) - milli);
    const lost = chosen
      .filter(({ victim }) => victim.tenant === tenant)
      .reduce((sum, { milliByModel }) => sum + (milliByModel.get(partKey(pool, model)) ?? 0), 0);
    return lost <= spare;
  });
}
