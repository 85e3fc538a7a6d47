import type { GPUPool, Reconfiguration } from '../../api/index.ts';
import { label } from '../nvidia/labels.ts';
import { currentGeometry, desired } from '../sharing/desired.ts';
import { affectedBy, type Geometry, isWhole } from '../sharing/geometry.ts';
import { ALL_DISABLED } from '../sharing/layouts.ts';
import { changeObstacle, type Site } from '../sharing/site.ts';
import type { Move } from './moves.ts';
import type { ChangeFacts } from './observe.ts';
import { type Operation, operationId, targetKey } from './operation.ts';
import { nextMove } from './step.ts';
import { isOpen } from './window.ts';
import type { StepPolicy } from './world.ts';

/** A node and what it should become. */
export interface Target {
  readonly facts: ChangeFacts;
  readonly target: Geometry;
}

/** What is to be done about the nodes of one pool. */
export interface PoolPlan {
  /** Changes under way and their next move. */
  readonly moves: readonly { readonly facts: ChangeFacts; readonly operation: Operation; readonly move: Move }[];
  /** Changes that begin now. */
  readonly starts: readonly { readonly facts: ChangeFacts; readonly operation: Operation }[];
  /** Nodes that have to be changed and wait, and for what. */
  readonly waits: readonly NodeWord[];
  /** Nodes that cannot become what the pool asks for. */
  readonly impossible: readonly NodeWord[];
}

/** A word about a node. */
export interface NodeWord {
  readonly node: string;
  readonly why: string;
}

/** What a plan for one pool is made from; without a pool, changes under way are only finished. */
export interface PlanInput {
  readonly pool?: GPUPool;
  readonly nodes: readonly ChangeFacts[];
  readonly site: Site;
  /** What nodes should become beside what `spec.sharing` says of all: the cuts that waiting pods need. */
  readonly demanded?: readonly Target[];
  readonly now: Date;
}

/** The next move of every change of the pool, and the changes that may begin. */
export function decide(input: PlanInput): PoolPlan {
  const { pool, nodes, site, now, demanded = [] } = input;
  // Two stacks at once: whoever writes may write against the other.
  const running = site.mixed ? [] : nodes.flatMap((facts) => moveOf(facts, pool, now));
  const targets: Target[] = [...demanded];
  const impossible: NodeWord[] = [];
  for (const facts of nodes) {
    if (facts.operation !== undefined) continue;
    const wanted = desired(pool?.spec.sharing, facts.cuts);
    if (wanted.kind === 'Change') targets.push({ facts, target: wanted.target });
    if (wanted.kind === 'Impossible') impossible.push({ node: facts.name, why: wanted.why });
  }
  return { moves: running, impossible, ...chooseStarts(targets, input) };
}

/** The limits of a pool; those of the API's defaults for a node whose pool is gone. */
export function stepPolicy(reconfiguration: Reconfiguration | undefined): StepPolicy {
  return {
    drainTimeoutSeconds: reconfiguration?.drainTimeoutSeconds ?? 900,
    wedgeAfterSeconds: reconfiguration?.wedgeAfterSeconds ?? 360,
    drainUncertain: reconfiguration?.uncertainPods === 'Drain',
  };
}

function moveOf(facts: ChangeFacts, pool: GPUPool | undefined, now: Date): PoolPlan['moves'] {
  const { operation, world, record } = facts;
  if (operation === undefined || operation === 'Unreadable') return [];
  const policy = stepPolicy(pool?.spec.reconfiguration);
  return [{ facts, operation, move: nextMove({ operation, world, record, policy, now }) }];
}

/** Begins as many changes as the budget holds, those that cost the least running work first. */
function chooseStarts(
  targets: readonly Target[],
  { pool, nodes, site, now }: PlanInput,
): Pick<PoolPlan, 'starts' | 'waits'> {
  const reconfiguration = pool?.spec.reconfiguration;
  if (pool === undefined || reconfiguration === undefined) return { starts: [], waits: [] };
  const budget = reconfiguration.maxUnavailableNodes ?? 1;
  let busy = nodes.filter(({ operation }) => operation !== undefined).length;
  const starts: { facts: ChangeFacts; operation: Operation }[] = [];
  const waits: NodeWord[] = [];
  const ordered = targets
    .map(({ facts, target }) => ({ facts, operation: operationOf(facts, target, pool.metadata.name, now) }))
    .sort((left, right) => lostMinutes(left) - lostMinutes(right) || (left.facts.name < right.facts.name ? -1 : 1));
  for (const start of ordered) {
    const why =
      hindrance(start, site, reconfiguration, now) ??
      (busy >= budget ? 'spec.reconfiguration.maxUnavailableNodes is used up' : undefined);
    if (why !== undefined) {
      waits.push({ node: start.facts.name, why });
      continue;
    }
    busy += 1;
    starts.push(start);
  }
  return { starts, waits };
}

/** The change of a node as it would begin now. */
export function operationOf(facts: ChangeFacts, target: Geometry, pool: string, now: Date): Operation {
  const previous = namedCut(currentGeometry(facts.cuts));
  const started = now.toISOString();
  const resources = facts.cuts.gpus.resources.map(({ name }) => name);
  return {
    id: operationId(facts.name, target, started),
    pool,
    step: 'Cordon',
    direction: 'Forward',
    started,
    since: started,
    target,
    previous,
    ...affectedBy(previous, target, resources),
    heals: 0,
    retries: 0,
  };
}

/** A node that was never cut returns to NVIDIA's layout without MIG: taking mig-manager's label away would undo nothing. */
function namedCut(geometry: Geometry): Geometry {
  if (geometry.mig !== undefined || geometry.layout === undefined || !geometry.layout.every(isWhole)) return geometry;
  return { ...geometry, mig: ALL_DISABLED };
}

interface Start {
  readonly facts: ChangeFacts;
  readonly operation: Operation;
}

/** Minutes of work that a change costs. */
function lostMinutes({ facts, operation }: Start): number {
  const names = new Set([...operation.sure, ...operation.unsure]);
  const gone = facts.world.holders.filter(({ resources }) => resources.some((name) => names.has(name)));
  return gone.reduce((sum, { minutes }) => sum + minutes, 0);
}

type Hindrance = (start: Start, site: Site, reconfiguration: Reconfiguration, now: Date) => string | undefined;

const hindrances: readonly Hindrance[] = [
  obstructed, //    NVIDIA's side is not set up for it
  rehearsed, //     the pool only wants to know
  outside, //       no window is open
  notReady, //      nothing can be verified there
  owned, //         somebody else is at work
  reconfigured, //  mig-manager is at work for somebody else
  refused, //       it did not work here a short while ago
  kept, //          a pod that would have to leave must not
  uncertain, //     a pod may sit on a GPU that changes, and the pool keeps such pods
];

function hindrance(start: Start, site: Site, reconfiguration: Reconfiguration, now: Date): string | undefined {
  for (const rule of hindrances) {
    const found = rule(start, site, reconfiguration, now);
    if (found !== undefined) return found;
  }
  return undefined;
}

function obstructed({ operation }: Start, site: Site): string | undefined {
  return changeObstacle(operation.previous, operation.target, site)?.message;
}

function rehearsed(_start: Start, _site: Site, { mode }: Reconfiguration): string | undefined {
  return mode === 'DryRun' ? 'spec.reconfiguration.mode is DryRun' : undefined;
}

function outside(_start: Start, _site: Site, { windows }: Reconfiguration, now: Date): string | undefined {
  return isOpen(windows, now) ? undefined : 'no window of spec.reconfiguration.windows is open';
}

function notReady({ facts }: Start): string | undefined {
  return facts.world.ready ? undefined : 'the node is not ready';
}

function owned({ facts }: Start): string | undefined {
  return facts.world.owner === undefined ? undefined : `${facts.world.owner} has the node`;
}

function reconfigured({ facts }: Start): string | undefined {
  const state = facts.world.node.metadata.labels?.[label.migState] ?? '';
  return state === 'pending' || state === 'rebooting' ? `mig-manager says ${state}` : undefined;
}

function refused({ facts, operation }: Start, _site: Site, _policy: Reconfiguration, now: Date): string | undefined {
  const { refused: known } = facts.record;
  if (known === undefined || known.target !== targetKey(operation.target)) return undefined;
  return Date.parse(known.until) > now.getTime()
    ? `it failed before and waits until ${known.until}: ${known.why}`
    : undefined;
}

function kept({ facts, operation }: Start): string | undefined {
  const found = facts.world.holders.find(
    ({ keep, resources }) => keep !== undefined && resources.some((name) => operation.sure.includes(name)),
  );
  return found === undefined ? undefined : `pod ${found.key} must not be evicted: ${found.keep}`;
}

function uncertain({ facts, operation }: Start, _site: Site, { uncertainPods }: Reconfiguration): string | undefined {
  if (uncertainPods === 'Drain') return undefined;
  const found = facts.world.holders.find(({ resources }) => resources.some((name) => operation.unsure.includes(name)));
  if (found === undefined) return undefined;
  return `pod ${found.key} may be on a GPU that changes, and spec.reconfiguration.uncertainPods is Keep`;
}
