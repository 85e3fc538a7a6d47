import type { Decision } from '../decide.ts';
import type { Facts, QueuedGang } from '../observe.ts';
import { type Blocker, boundsOfAll, byPriorityThenAge } from '../planner/index.ts';
import { type Expectation, expectedStart } from './replay.ts';

/** Blockers that end by themselves, as pods end. */
const PASSING: ReadonlySet<Blocker> = new Set(['Shape', 'Capacity']);
/** Seed of the replays: everybody who asks gets the same answer. */
const SEED = 1;

/**
 * When a gang that waits for room is expected to start, by a replay of the queue in the order of priority and age.
 * Undefined where it waits for something that does not end by itself, or where nothing is known of what runs.
 */
export function expectationOf(facts: Facts, decision: Decision, { gang }: QueuedGang): Expectation | undefined {
  const answer = decision.waiting.find(({ queued }) => queued.gang.key === gang.key)?.answer;
  if (answer === undefined || !PASSING.has(answer.blocker)) return undefined;
  const queue = decision.waiting.map(({ queued }) => queued.gang).sort(byPriorityThenAge);
  return expectedStart(
    {
      now: facts.tenancy.now,
      nodes: facts.nodes,
      running: facts.held.map((holding) => ({ holding, ...facts.running.get(holding.key) })),
      queue,
      quotas: boundsOfAll(decision.planner, { ...facts, queue }),
      seed: SEED,
    },
    gang.key,
  );
}
