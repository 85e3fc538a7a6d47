import type { Snapshot } from './snapshot.ts';
import type { Member, NodeConstraint, NodeFacts, PoolPart, Taint, Toleration } from './types.ts';

/** Which rules of eligibility are left out, for the question "would it fit without?". */
export interface Relaxed {
  readonly health?: boolean;
  readonly constraint?: boolean;
  readonly quota?: boolean;
  /** Members need not be near each other. */
  readonly topology?: boolean;
}

/** Effects of a taint that keep a pod away; PreferNoSchedule does not. */
const HARD_EFFECTS: ReadonlySet<string> = new Set(['NoSchedule', 'NoExecute']);

/** Whether a toleration covers a taint, by the rules of core/v1. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect !== undefined && toleration.effect !== '' && toleration.effect !== taint.effect) return false;
  const exists = toleration.operator === 'Exists';
  if (toleration.key === undefined || toleration.key === '') return exists;
  if (toleration.key !== taint.key) return false;
  return exists || (toleration.value ?? '') === (taint.value ?? '');
}

/** The first taint that keeps the pod off the node, or undefined. */
export function repellingTaint(node: NodeFacts, tolerations: readonly Toleration[]): Taint | undefined {
  return node.taints.find(
    (taint) => HARD_EFFECTS.has(taint.effect) && !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
}

/** Whether a node meets a constraint on names, labels, models and pools. */
export function meets(node: NodeFacts, where: NodeConstraint): boolean {
  if (where.models !== undefined && !where.models.includes(node.model)) return false;
  if (where.names !== undefined && !where.names.includes(node.name)) return false;
  if (where.outside?.some((part) => isPartOf(node, part)) === true) return false;
  return Object.entries(where.labels ?? {}).every(([key, value]) => node.labels[key] === value);
}

/** Whether a node belongs to a part of a pool. */
export function isPartOf(node: Pick<NodeFacts, 'pool' | 'model'>, { pool, model }: PoolPart): boolean {
  return node.pool === pool && (model === undefined || node.model === model);
}

/** Bits by node: 1 where a pod may run. */
export type Eligible = Uint8Array;

/** Remembers who may run where; the answers are void once the snapshot's facts change. */
export interface Eligibility {
  readonly snapshot: Snapshot;
  readonly known: Map<string, Eligible>;
  facts: number;
}

/** Bound on remembered constraints; a workload with more distinct ones only pays the scan again. */
const MAX_KNOWN = 1024;

/** An empty memory over a snapshot. */
export function createEligibility(snapshot: Snapshot): Eligibility {
  return { snapshot, known: new Map(), facts: snapshot.facts };
}

/** Text that is equal for members with equal constraints. */
export function constraintKey(member: Pick<Member, 'where' | 'tolerations'>): string {
  if (member.where === undefined && member.tolerations === undefined) return '';
  return JSON.stringify([member.where ?? null, member.tolerations ?? null]);
}

/** Nodes on which a member may run. */
export function eligibleNodes(
  eligibility: Eligibility,
  member: Pick<Member, 'where' | 'tolerations'>,
  relaxed: Relaxed = {},
): Eligible {
  const { snapshot, known } = eligibility;
  if (eligibility.facts !== snapshot.facts || known.size > MAX_KNOWN) {
    known.clear();
    eligibility.facts = snapshot.facts;
  }
  const key = `${relaxed.health === true}/${relaxed.constraint === true}/${constraintKey(member)}`;
  const remembered = known.get(key);
  if (remembered !== undefined) return remembered;
  const where: NodeConstraint = { ...member.where };
  const names = where.names === undefined ? undefined : new Set(where.names);
  const others: NodeConstraint = { labels: where.labels, models: where.models, outside: where.outside };
  const bits = Uint8Array.from(snapshot.nodes, (node) => {
    if (!node.schedulable && relaxed.health !== true) return 0;
    if (relaxed.constraint === true) return 1;
    if (names !== undefined && !names.has(node.name)) return 0;
    return meets(node, others) && repellingTaint(node, member.tolerations ?? []) === undefined ? 1 : 0;
  });
  known.set(key, bits);
  return bits;
}
