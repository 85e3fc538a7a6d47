import { eligibleNodes } from './eligible.ts';
import { allows, kindsThatFit, type NodeKind } from './kinds.ts';
import { createPlanner, kindsOf, type Planner, placeGang, placeMember, placeMembers, unplace } from './place.ts';
import { allowanceOf, exceeded, usedUnder } from './quota.ts';
import { raiseWords } from './sentences.ts';
import { createSnapshot } from './snapshot.ts';
import { withWiderDomain } from './topology/counterfactual.ts';
import { tryGang } from './trial.ts';
import type { Counterfactual, Gang, Member, NodeFacts, Placement, Quota } from './types.ts';

/** Most nodes that are proposed to be added; beyond it the answer helps nobody. */
const MAX_NEW_NODES = 64;
/** Most kinds of node that are tried as new ones. */
const MAX_KINDS = 8;

/** Changes that would let a waiting gang start now, cheapest first: found by planning again, never guessed. */
export function counterfactualsOf(planner: Planner, gang: Gang, quotas: readonly Quota[]): readonly Counterfactual[] {
  return [withWiderDomain, withoutConstraint, withFewerPods, withHigherLimit, withHealthyNodes, withMoreNodes]
    .map((change) => change(planner, gang, quotas))
    .filter((change) => change !== undefined);
}

type Change = (planner: Planner, gang: Gang, quotas: readonly Quota[]) => Counterfactual | undefined;

const withoutConstraint: Change = (planner, gang, quotas) => {
  const placed = tryGang(planner, gang, quotas, { constraint: true });
  if (placed === undefined) return undefined;
  const first = planner.snapshot.nodes[planner.snapshot.indexOf.get(placed[0]?.node ?? '') ?? -1];
  const where = first === undefined ? '' : ` (it would go to ${first.model || 'a node without GPU'})`;
  return { kind: 'constraint', amount: 0, change: `its node selector, affinity and taints dropped${where}` };
};

const withFewerPods: Change = (planner, gang, quotas) => {
  const placed = placeMembers(planner, gang, quotas);
  unplace(planner.snapshot, placed);
  const size = placed.length;
  if (size === 0) return undefined;
  return { kind: 'fewer-pods', amount: size, change: `${size} of its ${gang.members.length} pods` };
};

/** Lifts the quotas and reads off how far each that applies is exceeded. */
const withHigherLimit: Change = (planner, gang, quotas) => {
  const { snapshot } = planner;
  const placed = placeGang(planner, gang, quotas, { quota: true });
  if (placed === undefined) return undefined;
  const over = quotas
    .filter((quota) => quota.tenant === gang.tenant)
    .map((quota) => ({ quota, missing: usedUnder(snapshot, quota) - quota.limitMilli }))
    .filter(({ missing }) => missing > 0);
  unplace(snapshot, placed);
  const most = over.sort((left, right) => right.missing - left.missing)[0];
  if (most === undefined) return undefined;
  const change = raiseWords(most.quota, most.missing);
  return { kind: 'limit', amount: most.missing, change };
};

const withHealthyNodes: Change = (planner, gang, quotas) => {
  const placed = tryGang(planner, gang, quotas, { health: true });
  if (placed === undefined) return undefined;
  const { nodes, indexOf } = planner.snapshot;
  const names = [...new Set(placed.map(({ node }) => node))].filter(
    (name) => nodes[indexOf.get(name) ?? -1]?.schedulable === false,
  );
  if (names.length === 0) return undefined;
  return { kind: 'health', amount: names.length, change: `${names.join(', ')} taking pods again` };
};

/** Places what fits now, then what is left on new nodes of one kind; the kind that needs fewest wins. */
const withMoreNodes: Change = (planner, gang, quotas) => {
  const now: Placement[] = [];
  const left: Member[] = [];
  const allowance = allowanceOf(planner.snapshot, quotas, gang.tenant);
  for (const member of gang.members) {
    // What must be in one domain cannot be divided between nodes that are there and new ones that may be elsewhere.
    if (member.near?.required !== undefined) {
      left.push(member);
      continue;
    }
    const placement = placeMember(planner, gang.key, member, gang.tenant, allowance);
    if (placement === undefined) left.push(member);
    else now.push(placement);
  }
  let best: { readonly node: NodeFacts; readonly count: number } | undefined;
  for (const node of kindsOfNode(planner, left)) {
    const count = newNodesNeeded(planner, node, { ...gang, members: left }, quotas);
    if (count !== undefined && (best === undefined || count < best.count)) best = { node, count };
  }
  unplace(planner.snapshot, now);
  if (best === undefined) return undefined;
  const what = best.count === 1 ? '1 more node' : `${best.count} more nodes`;
  return {
    kind: 'nodes',
    amount: best.count,
    change: `${what} like ${best.node.name} (${best.node.model || 'no GPU'})`,
  };
};

function kindsOfNode(planner: Planner, left: readonly Member[]): readonly NodeFacts[] {
  const first = left[0];
  if (first === undefined) return [];
  const all = kindsOf(planner);
  const eligible = eligibleNodes(planner.eligibility, first, { health: true });
  return kindsThatFit(all, first)
    .map((at) => all.kinds[at] as NodeKind)
    .filter((kind) => allows(eligible, kind))
    .slice(0, MAX_KINDS)
    .map(({ node, indexes }) => planner.snapshot.nodes[indexes.find((index) => eligible[index] === 1) ?? -1] ?? node);
}

function newNodesNeeded(planner: Planner, like: NodeFacts, gang: Gang, quotas: readonly Quota[]): number | undefined {
  const added = Array.from({ length: Math.min(MAX_NEW_NODES, gang.members.length) }, (_, at) => ({
    ...like,
    name: `${like.name}+${at}`,
    labels: { ...like.labels, 'kubernetes.io/hostname': `${like.name}+${at}` },
    schedulable: true,
  }));
  const fresh = createPlanner(createSnapshot(added), { name: 'best-fit', typical: [] });
  const placed = placeGang(fresh, { ...gang, members: gang.members.map((member) => asOn(like, member)) }, []);
  if (placed === undefined) return undefined;
  const allowance = allowanceOf(planner.snapshot, quotas, gang.tenant);
  const cost = placed.reduce((sum, { gpuMilli }) => sum + gpuMilli, 0);
  if (allowance !== undefined && exceeded(allowance, like, cost) !== undefined) return undefined;
  return new Set(placed.map(({ node }) => node)).size;
}

/** A new node has no name that a constraint could list; it counts as listed where the node it is like is. */
function asOn(like: NodeFacts, member: Member): Member {
  if (member.where?.names?.includes(like.name) !== true) return member;
  return { ...member, where: { ...member.where, names: undefined } };
}
