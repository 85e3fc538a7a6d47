import { createFollowed, type Followed, follow } from './follow.ts';
import { learn, settle } from './learn.ts';
import { createPlanner, type Planner } from './place.ts';
import type { Holding, Member, NodeFacts, PlanPolicy } from './types.ts';

/** What a pass knows of the world. */
export interface World {
  readonly nodes: readonly NodeFacts[];
  readonly held: readonly Holding[];
  /** Pods that wait, in the order in which they are to be learned. */
  readonly waiting: readonly Member[];
  /** `typical` is what the policy starts from; once it has learned something itself, that counts. */
  readonly policy: PlanPolicy;
}

/** Keeps a planner from pass to pass. */
export interface Keeper {
  /**
   * The planner with its snapshot as the world is. Each waiting pod is learned when it is first met. What the caller
   * places is forgotten by the next update unless it is held then.
   */
  readonly update: (world: World) => Planner;
  /** Does at most `steps` of what learning owes, between passes; answers whether more may be due. */
  readonly settle: (steps: number) => boolean;
}

/**
 * A keeper that knows nothing: its first update learns from all pods that are held or wait, as a restarted process does.
 * All that it keeps is a matter of quality; a snapshot that followed equals one made anew.
 */
export function createKeeper(): Keeper {
  let kept: { readonly followed: Followed; readonly planner: Planner; readonly policy: PlanPolicy['name'] } | undefined;
  let met: ReadonlySet<string> = new Set();

  const start = ({ nodes, held }: World, policy: PlanPolicy): Planner => {
    const followed = createFollowed(nodes, held);
    const planner = createPlanner(followed.snapshot, policy);
    kept = { followed, planner, policy: policy.name };
    return planner;
  };
  const meet = (planner: Planner, { held, waiting }: World): Planner => {
    for (const member of waiting) if (!met.has(member.key)) learn(planner, member);
    met = new Set([...held, ...waiting].map(({ key }) => key));
    return planner;
  };

  return {
    update: (world) => {
      const { nodes, held, waiting, policy } = world;
      if (kept?.policy !== policy.name) {
        met = new Set(waiting.map(({ key }) => key));
        return meet(start(world, policy), world);
      }
      const { followed, planner } = kept;
      if (follow(followed, nodes, held)) return meet(planner, world);
      const typical = planner.chooser.scorer.learned?.() ?? policy.typical;
      return meet(start(world, { ...policy, typical }), world);
    },
    settle: (steps) => kept !== undefined && settle(kept.planner, steps),
  };
}
