import { blockedBy, type Finding } from './blockers.ts';
import { counterfactualsOf } from './counterfactuals.ts';
import { compile } from './demand.ts';
import { constraintKey } from './eligible.ts';
import type { Planner } from './place.ts';
import type { Answer, Gang, PlanInput, Quota } from './types.ts';

/** Says of every waiting gang why it waits; gangs that ask for the same get the same answer without asking twice. */
export function explainWaiting(
  planner: Planner,
  waiting: readonly Gang[],
  request: Pick<PlanInput, 'quotas' | 'explain'>,
): readonly Answer[] {
  const depth = request.explain ?? 'blocker';
  if (depth === 'nothing') return [];
  const known = new Map<string, Answer>();
  return waiting.map((gang) => {
    if (gang.heldBack !== undefined) return explainGang(planner, gang, request.quotas, depth);
    const key = questionKey(planner, gang);
    const answer = known.get(key) ?? explainGang(planner, gang, request.quotas, depth);
    known.set(key, answer);
    return { ...answer, gang: gang.key };
  });
}

/** Why one gang that does not fit waits, by planning it again with one thing lifted at a time. */
export function explainGang(
  planner: Planner,
  gang: Gang,
  quotas: readonly Quota[],
  depth: 'blocker' | 'full' = 'full',
): Answer {
  const finding = blockedBy(planner, gang, quotas);
  const helped = depth === 'full' && gang.heldBack === undefined;
  return { ...answerOf(gang, finding), counterfactuals: helped ? counterfactualsOf(planner, gang, quotas) : [] };
}

function answerOf(gang: Gang, finding: Finding): Omit<Answer, 'counterfactuals'> {
  const { blocker, also, need, have, unit, sentence } = finding;
  return { gang: gang.key, blocker, also, need, have, unit, sentence };
}

function questionKey(planner: Planner, gang: Gang): string {
  const members = gang.members.map((member) => {
    const { key, memoryMiB } = compile(planner.snapshot, member);
    return `${key}/${memoryMiB}/${constraintKey(member)}/${JSON.stringify([member.near, member.orElse])}`;
  });
  return JSON.stringify([gang.tenant ?? null, members]);
}
