import { compile } from './demand.ts';
import { eligibleNodes } from './eligible.ts';
import type { Planner } from './place.ts';
import type { Member } from './types.ts';

/** Tells a policy that learns of a pod that arrived, once for each pod. What it makes of it waits for `settle`. */
export function learn(planner: Planner, member: Member): void {
  const { snapshot, chooser } = planner;
  chooser.scorer.learn?.(compile(snapshot, member), allowedModels(planner, member));
}

/**
 * Lets a policy that learns do at most `steps` of what it owes; each is a few milliseconds on a thousand nodes. Answers
 * whether more may be due.
 */
export function settle({ chooser }: Planner, steps = Number.POSITIVE_INFINITY): boolean {
  for (let step = 0; step < steps; step++) if (chooser.scorer.settle?.() !== true) return false;
  return true;
}

/** Learns of a pod and settles at once, for callers that have no quiet time later. */
export function learnArrival(planner: Planner, member: Member): void {
  learn(planner, member);
  settle(planner);
}

/**
 * The models of the nodes that a pod's constraint allows, cordoned ones included; undefined where nothing confines it.
 * Labels and names confine to models as well as naming models does.
 */
function allowedModels(
  { snapshot, eligibility }: Planner,
  { where, tolerations }: Member,
): readonly string[] | undefined {
  if (where === undefined) return undefined;
  if (where.names === undefined && where.labels === undefined) return where.models;
  const bits = eligibleNodes(eligibility, { where, tolerations }, { health: true });
  return [...new Set(snapshot.nodes.filter((_, node) => bits[node] === 1).map(({ model }) => model))];
}
