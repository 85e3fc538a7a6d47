import { Node } from '../../kube/index.ts';
import { Conflict, type Context, NotFound } from '../../runtime/index.ts';
import { OPERATION_ANNOTATION } from '../nvidia/labels.ts';
import type { PoolPlan } from './decide.ts';
import { moveEvent, startEvent } from './events.ts';
import type { ChangeMetrics } from './metrics.ts';
import type { Move, NodeChange } from './moves.ts';
import type { ChangeFacts } from './observe.ts';
import { RECORD_ANNOTATION } from './operation.ts';

/** A step that went on is looked at again at once; what it set off may already be there. */
const AT_ONCE_MILLIS = 100;
/** Somebody else wrote the node at the same time: what he wrote is in the cache soon. */
const CONFLICT_MILLIS = 500;

type Acting = Pick<Context, 'patch' | 'evict' | 'event' | 'log' | 'now'>;

/** Carries out a plan; answers after how many milliseconds to look again, undefined when nothing is under way. */
export async function enact(plan: PoolPlan, ctx: Acting, metrics: ChangeMetrics): Promise<number | undefined> {
  const waits: number[] = [];
  for (const { facts, operation } of plan.starts) {
    const begun = await write(facts, { [OPERATION_ANNOTATION]: JSON.stringify(operation) }, {}, ctx);
    if (begun) ctx.event(startEvent(facts.world.node, operation));
    waits.push(begun ? AT_ONCE_MILLIS : CONFLICT_MILLIS);
  }
  for (const { facts, operation, move } of plan.moves) {
    const { went, after } = await enactMove(facts, move, ctx);
    if (after !== undefined) waits.push(after);
    if (!went) continue;
    metrics.moved(operation, move, ctx.now());
    const event = moveEvent(facts.world.node, operation, move);
    if (event !== undefined) ctx.event(event);
    ctx.log.info(
      { node: facts.name, change: operation.id, from: operation.step, to: stepText(move) },
      'sharing changes',
    );
  }
  return waits.length === 0 ? undefined : Math.min(...waits);
}

function stepText(move: Move): string {
  return move.kind === 'Go' ? move.operation.step : move.kind;
}

/** Answers whether the change went on, and when to look again. */
async function enactMove(
  facts: ChangeFacts,
  move: Move,
  ctx: Acting,
): Promise<{ readonly went: boolean; readonly after?: number }> {
  if (move.kind === 'Stay') return { went: false, after: move.after };
  if (move.kind === 'Evict') {
    for (const { pod } of move.holders) await evict(pod, ctx);
    return { went: false, after: move.after };
  }
  const annotations: Readonly<Record<string, string | null>> =
    move.kind === 'Go'
      ? { [OPERATION_ANNOTATION]: JSON.stringify(move.operation) }
      : { [OPERATION_ANNOTATION]: null, [RECORD_ANNOTATION]: JSON.stringify(move.record) };
  const written = await write(facts, annotations, move.change, ctx);
  return { went: written, after: written ? AT_ONCE_MILLIS : CONFLICT_MILLIS };
}

/** Evicts by uid and version: a pod that changed since it was read is looked at again first. */
async function evict(pod: Parameters<Acting['evict']>[0], ctx: Acting): Promise<void> {
  try {
    await ctx.evict(pod);
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
  }
}

/**
 * Step, record and effect in one patch of the version that was read: whoever is killed in between did all of it or
 * nothing, and a cordon that somebody set meanwhile is never taken for ours. False when the node changed or is gone.
 */
async function write(
  { name, uid, world }: ChangeFacts,
  annotations: Readonly<Record<string, string | null>>,
  { labels, unschedulable }: NodeChange,
  ctx: Acting,
): Promise<boolean> {
  const { resourceVersion } = world.node.metadata;
  const body = {
    metadata: { resourceVersion, annotations, ...(labels !== undefined && { labels }) },
    ...(unschedulable !== undefined && { spec: { unschedulable: unschedulable || null } }),
  };
  try {
    await ctx.patch(Node, { name, uid }, { type: 'merge', body });
    return true;
  } catch (error) {
    if (error instanceof Conflict || error instanceof NotFound) return false;
    throw error;
  }
}
