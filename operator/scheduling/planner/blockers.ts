import { compile, costMilli } from './demand.ts';
import { eligibleNodes } from './eligible.ts';
import { allows, kindsThatFit, type NodeKind } from './kinds.ts';
import { kindsOf, type Planner, placeMembers, unplace } from './place.ts';
import { allowanceOf, exceeded, usedUnder } from './quota.ts';
import { gpuNeeds, nodesForGang, type Shortage, shortageOf } from './room.ts';
import { freeWords, gpuAmount, leftWords, memberWords, shortageWords } from './sentences.ts';
import { crowdedSet, crowdedWords, tooWide } from './topology/blocker.ts';
import { tryGang } from './trial.ts';
import { type Answer, BLOCKERS, type Blocker, type Gang, type Member, type Quota } from './types.ts';

/** The dominant blocker with the amounts behind it. */
export type Finding = Omit<Answer, 'gang' | 'counterfactuals'>;

type Unlisted = Omit<Finding, 'also'>;

/**
 * The dominant blocker: the first in BLOCKERS whose lifting alone lets the gang fit; if none does alone, the first
 * that fails by itself, with the others that fail listed.
 */
export function blockedBy(planner: Planner, gang: Gang, quotas: readonly Quota[]): Finding {
  if (gang.heldBack !== undefined) {
    const { blocker, sentence, need = 0, have = 0 } = gang.heldBack;
    return { blocker, sentence, need, have, unit: 'none', also: [] };
  }
  const facts = gather(planner, gang, quotas);
  const alone = RULES.find((rule) => rule.liftHelps(facts));
  if (alone !== undefined) return { ...alone.finding(facts), also: [] };
  const failing = RULES.filter((rule) => rule.fails(facts));
  const [first = capacity, ...others] = failing;
  const finding = first.finding(facts);
  const besides = others.map((rule) => besidesOf(rule, facts)).join('');
  return { ...finding, sentence: `${finding.sentence}${besides}`, also: others.map((rule) => rule.blocker) };
}

/** What another rule that fails adds to the sentence; nothing where it would only repeat it. */
function besidesOf(rule: Rule, facts: Facts): string {
  const words = rule.aside === undefined ? rule.finding(facts).sentence : rule.aside(facts);
  return words === '' ? '' : `; besides, ${words}`;
}

interface Facts {
  readonly planner: Planner;
  readonly gang: Gang;
  readonly quotas: readonly Quota[];
  readonly shortage: Shortage | undefined;
  /** The first member that fits no node even if it were empty, and the first that fits none it may use. */
  readonly tooLarge: Member | undefined;
  readonly shutOut: Member | undefined;
  /** The quota that the whole gang would exceed at its cheapest, and what is left of it. */
  readonly overQuota: { readonly quota: Quota; readonly need: number; readonly left: number } | undefined;
}

function gather(planner: Planner, gang: Gang, quotas: readonly Quota[]): Facts {
  const all = kindsOf(planner);
  const distinct = distinctMembers(planner, gang);
  const fitting = new Map(distinct.map((member) => [member, kindsThatFit(all, member)]));
  const allowed = (member: Member): boolean => {
    const eligible = eligibleNodes(planner.eligibility, member, { health: true });
    return (fitting.get(member) ?? []).some((at) => allows(eligible, all.kinds[at] as NodeKind));
  };
  const tooLarge = distinct.find((member) => fitting.get(member)?.length === 0);
  return {
    planner,
    gang,
    quotas,
    shortage: shortageOf(planner, gang),
    tooLarge,
    shutOut: distinct.find((member) => member !== tooLarge && !allowed(member)),
    overQuota: quotaOf(planner, gang, quotas),
  };
}

function distinctMembers(planner: Planner, gang: Gang): readonly Member[] {
  const seen = new Map<string, Member>();
  for (const member of gang.members) {
    const { key, memoryMiB } = compile(planner.snapshot, member);
    const name = JSON.stringify([key, memoryMiB, member.where ?? null, member.tolerations ?? null]);
    if (!seen.has(name)) seen.set(name, member);
  }
  return [...seen.values()];
}

/** The first quota that the gang exceeds in every pool that it could use, counting each pod at its cheapest node. */
function quotaOf(planner: Planner, gang: Gang, quotas: readonly Quota[]): Facts['overQuota'] {
  const allowance = allowanceOf(planner.snapshot, quotas, gang.tenant);
  if (allowance === undefined) return undefined;
  let found: Facts['overQuota'];
  for (const [pool, need] of needByPool(planner, gang)) {
    const over = exceeded(allowance, { pool }, need);
    if (over === undefined) return undefined;
    found ??= { quota: over.quota, need, left: over.left };
  }
  return found;
}

/** What the gang would cost in each pool where all of its pods may run. */
function needByPool(planner: Planner, gang: Gang): ReadonlyMap<string | undefined, number> {
  const sums = new Map<string | undefined, { need: number; pods: number }>();
  for (const member of gang.members) {
    for (const [pool, cost] of cheapestByPool(planner, member)) {
      const sum = sums.get(pool) ?? { need: 0, pods: 0 };
      sums.set(pool, { need: sum.need + cost, pods: sum.pods + 1 });
    }
  }
  const whole = [...sums].filter(([, { pods }]) => pods === gang.members.length);
  return new Map(whole.map(([pool, { need }]) => [pool, need]));
}

function cheapestByPool(planner: Planner, member: Member): ReadonlyMap<string | undefined, number> {
  const { kinds, empty } = kindsOf(planner);
  const demand = compile(empty, member);
  const eligible = eligibleNodes(planner.eligibility, member);
  const costs = new Map<string | undefined, number>();
  for (const [at, kind] of kinds.entries()) {
    const cost = costMilli(empty, at, demand);
    const useless = demand.parts.length > 0 && cost === 0;
    if (useless || !allows(eligible, kind)) continue;
    costs.set(kind.node.pool, Math.min(cost, costs.get(kind.node.pool) ?? Number.POSITIVE_INFINITY));
  }
  return costs;
}

/** One blocker: whether lifting it alone helps, whether it fails by itself, and what to say. */
interface Rule {
  readonly blocker: Blocker;
  readonly liftHelps: (facts: Facts) => boolean;
  readonly fails: (facts: Facts) => boolean;
  readonly finding: (facts: Facts) => Unlisted;
  /** What it says after another rule's sentence, where that differs; the empty string is nothing. */
  readonly aside?: (facts: Facts) => string;
}

const quota: Rule = {
  blocker: 'Quota',
  liftHelps: ({ planner, gang, quotas }) => tryGang(planner, gang, quotas, { quota: true }) !== undefined,
  fails: ({ overQuota }) => overQuota !== undefined,
  finding: ({ planner, gang, quotas, overQuota }) => {
    const placed = tryGang(planner, gang, quotas, { quota: true }) ?? [];
    const charged = placed.reduce((sum, { gpuMilli }) => sum + gpuMilli, 0);
    const limiting = overQuota?.quota ?? quotas.find(({ tenant }) => tenant === gang.tenant);
    const used = limiting === undefined ? 0 : usedUnder(planner.snapshot, limiting);
    const need = overQuota?.need ?? charged;
    const have = limiting === undefined ? 0 : Math.max(0, limiting.limitMilli - used);
    const sentence = `it needs ${gpuAmount(need)} and tenant ${gang.tenant} ${leftWords(limiting, have, used)}`;
    return { blocker: 'Quota', need, have, unit: 'gpu-milli', sentence };
  },
};

const health: Rule = {
  blocker: 'Health',
  liftHelps: ({ planner, gang, quotas }) => tryGang(planner, gang, quotas, { health: true }) !== undefined,
  fails: () => false,
  finding: ({ planner, gang, quotas }) => {
    const placed = tryGang(planner, gang, quotas, { health: true }) ?? [];
    const { nodes, indexOf } = planner.snapshot;
    const away = [...new Set(placed.map(({ node }) => node))].filter(
      (name) => nodes[indexOf.get(name) ?? -1]?.schedulable === false,
    );
    const reasons = [
      ...new Set(away.map((name) => nodes[indexOf.get(name) ?? -1]?.unschedulableReason ?? 'not schedulable')),
    ];
    const sentence = `it would fit on ${away.slice(0, 3).join(', ')}${away.length > 3 ? ' and others' : ''}, which take no pods now (${reasons.join(', ')})`;
    return { blocker: 'Health', need: away.length, have: 0, unit: 'nodes', sentence };
  },
};

const topology: Rule = {
  blocker: 'Topology',
  liftHelps: ({ planner, gang, quotas }) => tryGang(planner, gang, quotas, { constraint: true }) !== undefined,
  fails: ({ shutOut }) => shutOut !== undefined,
  finding: ({ planner, gang, shutOut }) => {
    const total = planner.snapshot.nodes.length;
    const have = nodesForGang(planner, gang).reduce((sum, bit) => sum + bit, 0);
    const member = shutOut ?? gang.members[0];
    const room = shutOut === undefined ? 'which have no room for it' : 'none of which could ever hold it';
    const nodes = have === 0 ? `no node of ${total}` : `${have} of ${total} nodes, ${room}`;
    const because = member?.where?.because === undefined ? '' : ` (${member.where.because})`;
    const sentence = `its node selector, affinity and tolerations allow ${nodes}${because}; without them ${memberWords(member)} would fit`;
    return { blocker: 'Topology', need: 1, have: 0, unit: 'nodes', sentence };
  },
};

/** Fits, but not within one domain. */
const nearness: Rule = {
  blocker: 'Topology',
  liftHelps: ({ planner, gang, quotas }) => tryGang(planner, gang, quotas, { topology: true }) !== undefined,
  fails: ({ planner, gang }) => tooWide(planner, gang) !== undefined,
  finding: ({ planner, gang }) => {
    const crowded = crowdedSet(planner, gang) ?? { level: '', domain: undefined, need: 0, have: 0 };
    const { need, have } = crowded;
    return { blocker: 'Topology', need, have, unit: 'pods', sentence: crowdedWords(crowded) };
  },
};

const shape: Rule = {
  blocker: 'Shape',
  liftHelps: ({ planner, gang, shortage, shutOut, overQuota }) =>
    shortage === undefined &&
    shutOut === undefined &&
    overQuota === undefined &&
    nodesForGang(planner, gang).includes(1),
  fails: ({ tooLarge }) => tooLarge !== undefined,
  finding: (facts) => (facts.tooLarge === undefined ? scattered(facts) : neverFits(facts, facts.tooLarge)),
};

function neverFits({ planner }: Facts, member: Member): Unlisted {
  const { resourceIds, nodes } = planner.snapshot;
  const missing = member.gpus.find((gpu) => gpu.kind === 'devices' && !resourceIds.has(gpu.resource));
  if (missing?.kind === 'devices') {
    const sentence = `no node offers ${missing.resource}; ask for a resource that a node advertises or change a pool's layout`;
    return { blocker: 'Shape', need: missing.count, have: 0, unit: 'devices', sentence };
  }
  const most = Math.max(0, ...nodes.map((node) => node.gpus.count));
  const asked = member.gpus.reduce((sum, gpu) => sum + (gpu.kind === 'devices' ? gpu.count : 1), 0);
  const sentence = `${memberWords(member)} is more than any node has even when empty; split it into smaller pods`;
  return { blocker: 'Shape', need: asked, have: Math.min(most, asked), unit: 'devices', sentence };
}

function scattered({ planner, gang, quotas }: Facts): Unlisted {
  const largest = gang.members[0];
  const placed = fittingMembers(planner, gang, quotas);
  const each = memberWords(largest);
  const whole = gang.members.length === 1 ? each : `${gang.members.length} pods of ${each}`;
  const sentence = `enough is free in total for ${whole}, but scattered: only ${placed} of ${gang.members.length} pods fit on a node`;
  return { blocker: 'Shape', need: gang.members.length, have: placed, unit: 'pods', sentence };
}

function fittingMembers(planner: Planner, gang: Gang, quotas: readonly Quota[]): number {
  const placed = placeMembers(planner, gang, quotas);
  unplace(planner.snapshot, placed);
  return placed.length;
}

const capacity: Rule = {
  blocker: 'Capacity',
  liftHelps: ({ tooLarge, shutOut, overQuota }) =>
    tooLarge === undefined && shutOut === undefined && overQuota === undefined,
  fails: ({ shortage }) => shortage !== undefined,
  // A pod that no node could ever hold waits for no other pod to end.
  aside: ({ shortage, tooLarge }) => (shortage === undefined || tooLarge !== undefined ? '' : freeWords(shortage)),
  finding: ({ gang, shortage }) => {
    if (shortage !== undefined) {
      const { unit, need, have } = shortage;
      return { blocker: 'Capacity', need, have, unit, sentence: shortageWords(shortage) };
    }
    const need = gpuNeeds(gang).reduce((sum, { milli }) => sum + milli, 0);
    return {
      blocker: 'Capacity',
      need,
      have: 0,
      unit: 'gpu-milli',
      sentence: `it needs ${gpuAmount(need)} more than is free`,
    };
  },
};

/** In the order of BLOCKERS. */
const RULES: readonly Rule[] = [quota, health, nearness, topology, shape, capacity].sort(
  (left, right) => BLOCKERS.indexOf(left.blocker) - BLOCKERS.indexOf(right.blocker),
);
