/** The steps before anything is written: nothing new comes, and whoever is on a GPU that changes leaves. */
import { go, type Move, undo } from './moves.ts';
import type { Operation } from './operation.ts';
import type { HolderFacts, StepInput, StepPolicy } from './world.ts';

/** kube-scheduler may still bind by what it saw before the cordon; such a pod is in the cache after this time. */
const SETTLE_MILLIS = 3_000;
/** How often refused evictions are tried again. */
const EVICT_AGAIN_MILLIS = 5_000;

/** Cordons a node that is not cordoned, and writes down whose the cordon is, in one patch. */
export function cordon({ operation, world, policy, now }: StepInput): Move {
  if (world.owner !== undefined) return undo(operation, `${world.owner} has the node`, now);
  const deadline = new Date(now.getTime() + policy.drainTimeoutSeconds * 1000).toISOString();
  if (world.unschedulable) return go(operation, 'Drain', now, { cordon: 'Foreign', deadline });
  return go(operation, 'Drain', now, { cordon: 'Ours', deadline }, { unschedulable: true });
}

/** Evicts who is on GPUs that change. When somebody may not or does not leave, the change is undone. */
export function drain({ operation, world, policy, now }: StepInput): Move {
  if (world.owner !== undefined) return undo(operation, `${world.owner} took the node`, now);
  if (!world.unschedulable) return undo(operation, 'somebody uncordoned the node', now);
  const left = inTheWay(operation, world.holders);
  const settled = Date.parse(operation.since) + SETTLE_MILLIS - now.getTime();
  if (left.length === 0) return settled > 0 ? { kind: 'Stay', after: settled } : go(operation, 'Label', now);
  const kept = left.find(({ keep, leaving }) => keep !== undefined && !leaving);
  if (kept !== undefined) return undo(operation, `pod ${kept.key} must not be evicted: ${kept.keep}`, now);
  const remaining = Date.parse(operation.deadline ?? operation.since) - now.getTime();
  if (remaining <= 0) return undo(operation, stillThere(left, policy), now);
  const after = Math.min(EVICT_AGAIN_MILLIS, remaining);
  const leave = left.filter((holder) => !holder.leaving && mayLeave(operation, holder, policy));
  if (leave.length > 0) return { kind: 'Evict', holders: leave, after };
  return { kind: 'Stay', after, why: `${left.length} pod(s) have yet to leave` };
}

/** Pods that hold, or may hold, a GPU that changes. */
export function inTheWay({ sure, unsure }: Operation, holders: readonly HolderFacts[]): readonly HolderFacts[] {
  const names = new Set([...sure, ...unsure]);
  return holders.filter(({ resources }) => resources.some((name) => names.has(name)));
}

function mayLeave({ sure }: Operation, { resources }: HolderFacts, { drainUncertain }: StepPolicy): boolean {
  return drainUncertain || resources.some((name) => sure.includes(name));
}

function stillThere(left: readonly HolderFacts[], { drainTimeoutSeconds }: StepPolicy): string {
  const names = left.slice(0, 3).map(({ key }) => key);
  const more = left.length > names.length ? ` and ${left.length - names.length} more` : '';
  return `pods did not leave within ${drainTimeoutSeconds} s: ${names.join(', ')}${more}; a PodDisruptionBudget may hold them`;
}
