import { borrowBounds, guaranteeBounds } from './bounds.ts';
import { constraintKey, eligibleNodes } from './eligible.ts';
import { byPriorityThenAge, STARTED_PRIORITY } from './order.ts';
import type { Planner } from './place.ts';
import { createShares, type Shares } from './shares.ts';
import type { Gang, PlanInput, Quota } from './types.ts';

/** One try to place a gang. */
export interface Attempt {
  readonly gang: Gang;
  /** What its tenant may hold in this try. */
  readonly quotas: readonly Quota[];
  /** Whether the tenant would hold what it is not guaranteed. */
  readonly borrows: boolean;
}

type Request = Pick<PlanInput, 'queue' | 'quotas' | 'tenancy'>;

/**
 * The order in which gangs are tried: first those that have already started; then, by priority and age, each within what
 * its tenant is guaranteed; then what is left borrows, always of the tenant with the least dominant share. A gang can be
 * tried twice. Whoever iterates places the gang, or does not, before asking for the next; shares follow what is placed.
 */
export function* admissions(planner: Planner, request: Request): Generator<Attempt> {
  const { queue, quotas, tenancy } = request;
  if (tenancy === undefined) {
    for (const gang of queue) yield { gang, quotas, borrows: false };
    return;
  }
  const poolsOf = createPoolsOf(planner);
  const capped = [...queue].map((gang) => withCap(gang, quotas, poolsOf(gang))).sort(byPriorityThenAge);
  const isStarted = ({ priority }: Gang): boolean => priority >= STARTED_PRIORITY;
  for (const gang of capped.filter(isStarted)) {
    yield { gang, quotas: borrowBounds(planner.snapshot, quotas, gang.tenant), borrows: false };
  }
  const pools = poolsIn(planner);
  const left: Gang[] = [];
  for (const gang of capped.filter((one) => !isStarted(one))) {
    const bounds = guaranteeBounds(quotas, gang.tenant, pools);
    if (bounds !== undefined) yield { gang, quotas: bounds, borrows: false };
    if (bounds === undefined || !isPlaced(planner, gang)) left.push(gang);
  }
  yield* byShare(planner, left, createShares(planner.snapshot, tenancy, quotas), quotas, poolsOf);
}

/** What gangs that wait are measured against: the bounds of their tenants with borrowing. */
export function boundsOfAll(planner: Planner, { quotas, tenancy, queue }: Request): readonly Quota[] {
  if (tenancy === undefined) return quotas;
  const tenants = new Set(queue.map(({ tenant }) => tenant));
  return [...tenants].flatMap((tenant) => borrowBounds(planner.snapshot, quotas, tenant));
}

/** Gangs of one tenant for the same pools, in order. */
interface Line {
  readonly tenant: string;
  readonly pools: readonly string[];
  readonly gangs: Gang[];
  at: number;
}

function* byShare(
  planner: Planner,
  gangs: readonly Gang[],
  shares: Shares,
  quotas: readonly Quota[],
  poolsOf: PoolsOf,
): Generator<Attempt> {
  const lines = new Map<string, Line>();
  for (const gang of gangs) {
    const pools = poolsOf(gang);
    const key = JSON.stringify([gang.tenant ?? '', pools]);
    const line = lines.get(key);
    if (line === undefined) lines.set(key, { tenant: gang.tenant ?? '', pools, gangs: [gang], at: 0 });
    else line.gangs.push(gang);
  }
  const all = [...lines.values()];
  for (let line = next(all, shares); line !== undefined; line = next(all, shares)) {
    const gang = line.gangs[line.at] as Gang;
    line.at += 1;
    yield { gang, quotas: borrowBounds(planner.snapshot, quotas, gang.tenant), borrows: true };
    if (isPlaced(planner, gang)) shares.add(gang);
  }
}

/** The line whose tenant has the least share; among equals the one whose first gang goes first. */
function next(lines: readonly Line[], shares: Shares): Line | undefined {
  let best: { readonly line: Line; readonly share: number; readonly first: Gang } | undefined;
  for (const line of lines) {
    const first = line.gangs[line.at];
    if (first === undefined) continue;
    const share = shares.of(line.tenant, line.pools);
    const ahead =
      best === undefined || share < best.share || (share === best.share && byPriorityThenAge(first, best.first) < 0);
    if (ahead) best = { line, share, first };
  }
  return best?.line;
}

/** Pools in which a gang may run, judged by its first member and what that can have instead. */
export type PoolsOf = (gang: Gang) => readonly string[];

/** Answers by what the first member may use; remembered. */
export function createPoolsOf(planner: Planner): PoolsOf {
  const known = new Map<string, readonly string[]>();
  return ({ members }) => {
    const [first] = members;
    const ways = first === undefined ? [] : [first, ...(first.orElse ?? []).map((other) => ({ ...first, ...other }))];
    const key = ways.map(constraintKey).join();
    const before = known.get(key);
    if (before !== undefined) return before;
    const bits = ways.map((way) => eligibleNodes(planner.eligibility, way, { health: true }));
    const found = new Set<string>();
    for (const [at, node] of planner.snapshot.nodes.entries()) {
      if (bits.some((each) => each[at] === 1)) found.add(node.pool ?? '');
    }
    known.set(key, [...found]);
    return [...found];
  };
}

function poolsIn({ snapshot }: Planner): readonly string[] {
  return [...new Set(snapshot.nodes.map(({ pool }) => pool ?? ''))];
}

/** The gang with its priority cut to the highest that its tenant's quotas allow in one of the pools. */
function withCap(gang: Gang, quotas: readonly Quota[], pools: readonly string[]): Gang {
  if (gang.tenant === undefined || gang.priority >= STARTED_PRIORITY || pools.length === 0) return gang;
  const caps = pools.map((pool) => {
    const quota = quotas.find((one) => one.tenant === gang.tenant && one.pool === pool);
    return quota?.maxPriority ?? Number.POSITIVE_INFINITY;
  });
  const cap = Math.max(...caps);
  return cap < gang.priority ? { ...gang, priority: cap } : gang;
}

function isPlaced({ snapshot }: Planner, { members }: Gang): boolean {
  const [first] = members;
  return first !== undefined && snapshot.taken.has(first.key);
}
