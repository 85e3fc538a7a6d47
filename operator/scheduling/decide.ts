import type { Pod } from '../kube/index.ts';
import type { ClaimGrant } from './dra/allocation.ts';
import type { DraFacts } from './dra/observe.ts';
import { podGrants, regrants } from './dra/regrant.ts';
import type { PodGrants } from './dra/writer.ts';
import type { Facts, QueuedGang } from './observe.ts';
import {
  type Answer,
  boundsOfAll,
  byPriorityThenAge,
  countShapes,
  createKeeper,
  explainGang,
  type Gang,
  type GpuDemand,
  type Keeper,
  type Placement,
  type PlanNumbers,
  type Planner,
  type PlanPolicy,
  type PlanRequest,
  planWindow,
  seededRandom,
} from './planner/index.ts';
import type { Windowed, Windows } from './windows.ts';

/** Draws the orders in which a window is tried: the same window, the same plan. */
const WINDOW_SEED = 1;

/** A pod to let go, and the node it is pinned to; without one kube-scheduler chooses. */
export interface Release {
  readonly pod: Pod;
  readonly node?: string;
  /** The plan that released it first, for one that is sent again. */
  readonly plan?: string;
  /** What it takes, where that is one of its alternatives. */
  readonly instead?: readonly GpuDemand[];
  /** Claims that must be allocated before it goes. */
  readonly grants?: readonly ClaimGrant[];
}

/** A gang to let go, all of it in one burst. */
export interface GangRelease {
  readonly gang: string;
  readonly releases: readonly Release[];
}

/** A gang that waits, with its pods. */
export interface Waiting {
  readonly answer: Answer;
  readonly queued: QueuedGang;
}

/** What a pass is to do. */
export interface Decision {
  readonly release: readonly GangRelease[];
  /** Pods that were let go already and whose claims must be allocated again. */
  readonly regrant: readonly PodGrants[];
  readonly waiting: readonly Waiting[];
  readonly numbers: PlanNumbers;
  /** The planner with everything placed, for numbers and further questions. */
  readonly planner: Planner;
  readonly policy: PlanPolicy;
  /** What came of pods that waited for each other. */
  readonly window: Pick<Windowed, 'waitedMillis' | 'dueMillis'> & { readonly reordered: boolean };
}

/**
 * Plans the queue against what is held. Same facts and nothing kept, same decision; see `Keeper` and `Windows` for what
 * is kept. Without windows nobody waits for others.
 */
export function decide(facts: Facts, keeper: Keeper = createKeeper(), windows?: Windows): Decision {
  const sorted = [...facts.queue].sort((left, right) => byPriorityThenAge(left.gang, right.gang));
  const gangs = sorted.map(({ gang }) => gang);
  const policy: PlanPolicy = {
    name: facts.policy,
    typical: countShapes(
      [...facts.held, ...gangs.flatMap(({ members }) => members)].filter(({ gpus }) => gpus.length > 0),
    ),
  };
  const waiting = gangs.flatMap(({ members }) => members);
  const planner = keeper.update({ nodes: facts.nodes, held: facts.held, waiting, policy });
  const nominated = new Set(facts.nominees.map(({ gang }) => gang));
  const window = windows?.settle(planner, gangs, facts.windows, nominated) ?? noWindow(gangs);
  const queue = sorted.map((queued, at): QueuedGang => ({ ...queued, gang: window.queue[at] ?? queued.gang }));
  const request: PlanRequest = {
    ...{ queue: window.queue, quotas: facts.quotas, tenancy: facts.tenancy, held: facts.held },
    ...{ nominees: facts.nominees, policy, explain: 'blocker' },
  };
  const output = planWindow(planner, request, window.closed, seededRandom(WINDOW_SEED));
  const places = new Map(output.place.map((placement) => [placement.member, placement]));
  const answers = new Map(output.waiting.map((answer) => [answer.gang, answer]));
  return {
    release: [
      ...releasesAgain(facts),
      ...queue.filter(({ gang }) => !answers.has(gang.key)).map((queued) => releaseOf(queued, places, facts.dra)),
    ],
    regrant: regrants(facts.dra, facts.promised, planner),
    waiting: queue.flatMap((queued) => {
      const answer = answers.get(queued.gang.key);
      return answer === undefined ? [] : [{ answer, queued }];
    }),
    numbers: output.numbers,
    planner,
    policy,
    window: { waitedMillis: window.waitedMillis, dueMillis: window.dueMillis, reordered: output.reordered },
  };
}

function noWindow(queue: readonly Gang[]): Windowed {
  return { queue, closed: new Set(), waitedMillis: [], dueMillis: Number.POSITIVE_INFINITY };
}

/** Why a waiting gang waits, with the smallest changes that would help. */
export function explain(decision: Decision, queued: QueuedGang, facts: Facts): Answer {
  const known = decision.waiting.find(({ answer }) => answer.gang === queued.gang.key)?.answer;
  // A reservation is not in the planner's way, so only the plan knows what was refused for it.
  if (known?.blocker === 'Reservation') return known;
  const bounds = boundsOfAll(decision.planner, { ...facts, queue: [queued.gang] });
  return explainGang(decision.planner, queued.gang, bounds, 'full');
}

/**
 * Releases without an answer go first, and only to the node they were sent to: that is right whether or not the first
 * patch was applied. Where the node takes no pods any more they wait until it is known.
 */
function releasesAgain({ nodes, sent }: Facts): readonly GangRelease[] {
  const open = new Set(nodes.filter(({ schedulable }) => schedulable).map(({ name }) => name));
  return sent
    .filter(({ node, confirmed }) => !confirmed && open.has(node))
    .map(({ pod, node, plan }) => ({ gang: `sent/${pod.metadata.uid}`, releases: [{ pod, node, plan }] }));
}

function releaseOf(
  { gang, pods, unplanned }: QueuedGang,
  places: ReadonlyMap<string, Placement>,
  dra: DraFacts,
): GangRelease {
  const placed = gang.members.flatMap((member): Release[] => {
    const pod = pods.get(member.key);
    const place = places.get(member.key);
    if (pod === undefined || place === undefined) return [];
    const { node, devices, instead } = place;
    return [{ pod, node, instead, grants: podGrants(dra, pod, node, devices) }];
  });
  return { gang: gang.key, releases: [...placed, ...unplanned.map((pod): Release => ({ pod }))] };
}
