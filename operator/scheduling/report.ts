import type { GPUPoolStatus } from '../api/index.ts';
import type { ConditionIntent } from '../runtime/index.ts';
import type { Decision } from './decide.ts';
import { PLANNED_CONDITION } from './names.ts';
import type { Facts } from './observe.ts';
import {
  type Answer,
  createMeasure,
  createSnapshot,
  fragmentedMilli,
  type Holding,
  hold,
  type Member,
  meets,
  type NodeFacts,
  repellingTaint,
  typicalShapes,
} from './planner/index.ts';

/** Reason of the condition once a pod that waited is released; while it waits the blocker is the reason. */
export const RELEASED_REASON = 'Released';

/** The condition of a pod that waits. */
export function waitingCondition(answer: Answer): ConditionIntent {
  const sentence = `${answer.sentence.charAt(0).toUpperCase()}${answer.sentence.slice(1)}`;
  const message = /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
  return { type: PLANNED_CONDITION, status: 'False', reason: answer.blocker, message };
}

/** The condition of a pod that waited and was released. */
export function releasedCondition(): ConditionIntent {
  const message = 'The planner found a place and removed its gate.';
  return { type: PLANNED_CONDITION, status: 'True', reason: RELEASED_REASON, message };
}

/** The planner's part of a pool's status. */
export type PoolNumbers = Required<Pick<GPUPoolStatus, 'fragmentation' | 'waiting'>>;

/** Fragmentation and waiting pods of every pool, after the decision. A pod waits for every pool in which it could run. */
export function poolNumbers(facts: Facts, decision: Decision): ReadonlyMap<string, PoolNumbers> {
  const waiting = waitingByPool(facts, decision);
  const held = heldAfter(facts, decision);
  return new Map(
    facts.pools.map((pool) => [
      pool,
      {
        fragmentation: fragmentation(
          facts.nodes.filter((node) => node.pool === pool),
          held,
          decision,
        ),
        waiting: { pods: waiting.get(pool) ?? 0 },
      },
    ]),
  );
}

/** Waiting pods by tenant. */
export function waitingByTenant({ waiting }: Decision): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { queued } of waiting) {
    const { tenant } = queued.gang;
    if (tenant !== undefined) counts.set(tenant, (counts.get(tenant) ?? 0) + queued.pods.size);
  }
  return counts;
}

/** Waiting pods by blocker. */
export function waitingByReason({ waiting }: Decision): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { answer, queued } of waiting)
    counts.set(answer.blocker, (counts.get(answer.blocker) ?? 0) + queued.pods.size);
  return counts;
}

function heldAfter(facts: Facts, { release }: Decision): readonly Holding[] {
  const members = new Map(facts.queue.flatMap(({ gang }) => gang.members.map((member) => [member.key, member])));
  const placed = release.flatMap(({ releases }) => releases);
  return [
    ...facts.held,
    ...placed.flatMap(({ pod, node }): Holding[] => {
      const member = members.get(`${pod.metadata.namespace}/${pod.metadata.name}`);
      return member === undefined || node === undefined ? [] : [{ ...member, node }];
    }),
  ];
}

function fragmentation(
  nodes: readonly NodeFacts[],
  held: readonly Holding[],
  { policy }: Decision,
): PoolNumbers['fragmentation'] {
  const snapshot = createSnapshot(nodes);
  for (const holding of held) hold(snapshot, holding);
  const idle = snapshot.idleMilli.reduce((sum, milli) => sum + milli, 0);
  if (policy.typical.length === 0 || idle === 0) return { strandedMilli: 0, percent: 0 };
  const stranded = Math.round(fragmentedMilli(createMeasure(snapshot, typicalShapes(policy.typical)), snapshot));
  return { strandedMilli: stranded, percent: Math.round((100 * stranded) / idle) };
}

function waitingByPool({ nodes }: Facts, { waiting }: Decision): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const known = new Map<string, ReadonlySet<string>>();
  for (const member of waiting.flatMap(({ queued }) => queued.gang.members)) {
    const key = JSON.stringify([member.gpus, member.where, member.tolerations]);
    const pools = known.get(key) ?? poolsFor(member, nodes);
    known.set(key, pools);
    for (const pool of pools) counts.set(pool, (counts.get(pool) ?? 0) + 1);
  }
  return counts;
}

function poolsFor(member: Member, nodes: readonly NodeFacts[]): ReadonlySet<string> {
  const pools = new Set<string>();
  for (const node of nodes) {
    if (node.pool === undefined || pools.has(node.pool) || !offers(node, member)) continue;
    if (meets(node, member.where ?? {}) && repellingTaint(node, member.tolerations ?? []) === undefined)
      pools.add(node.pool);
  }
  return pools;
}

function offers(node: NodeFacts, { gpus }: Member): boolean {
  return gpus.every((gpu) => {
    if (gpu.kind === 'share') return false;
    const slots = node.gpus.resource === gpu.resource ? node.gpus.count * node.gpus.replicas : 0;
    return slots + (node.resources.find(({ name }) => name === gpu.resource)?.count ?? 0) >= gpu.count;
  });
}
