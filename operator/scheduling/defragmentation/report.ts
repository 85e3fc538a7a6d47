import type { PodMove, PoolDefragmentation, ProposedMove } from '../../api/index.ts';
import type { PoolMoves, Proposal } from './decide.ts';

/** Most entries of a list, and most characters of the message, as the CRD bounds them. */
const ENTRIES = 64;
const CHARACTERS = 1024;

/** What a pool's status says of moves; `moves` are those of the last hour with those that begin now. */
export function defragmentationStatus(plan: PoolMoves, moves: readonly PodMove[]): PoolDefragmentation {
  const { proposals } = plan;
  return {
    ...stateOf(plan),
    usableMilli: proposals.reduce((sum, { gpuMilli }) => sum + gpuMilli, 0),
    podMinutes: proposals.reduce((sum, { podMinutes }) => sum + podMinutes, 0),
    proposed: proposals.flatMap(proposedMoves).slice(0, ENTRIES),
    // The oldest are forgotten first; the API's bound of moves in an hour is below that of the list.
    moves: moves.slice(-ENTRIES),
  };
}

/** The moves of one proposal. */
export function proposedMoves({ moves, queued }: Proposal): readonly ProposedMove[] {
  return moves.map(({ movable, from, to }) => ({
    ...{ pod: movable.holding.key, from, to, waiting: queued.gang.key },
    podMinutes: movable.podMinutes,
  }));
}

function stateOf(plan: PoolMoves): Pick<PoolDefragmentation, 'state' | 'message'> {
  const { begin, underWay, proposals, waits, pool } = plan;
  if (begin !== undefined) {
    return { state: 'Moving', message: `${pods(begin.moves.length)} moved for ${begin.queued.gang.key}.` };
  }
  if (underWay.length > 0) {
    const waiting = [...new Set(underWay.map(({ move }) => move.waiting))].join(', ');
    return cut('Moving', `${pods(underWay.length)} moved for ${waiting}.`);
  }
  if (proposals.length === 0) {
    return { state: 'NothingToMove', message: 'No pod that waits would find room at the price if others were moved.' };
  }
  const what = gainText(proposals);
  if (waits !== undefined) return cut('Waits', `${what}; it waits: ${waits}.`);
  const how = pool.rules.mode === 'DryRun' ? '; spec.defragmentation.mode: Apply would do it' : '';
  return cut('Proposed', `${what}${how}.`);
}

/** What proposals gain and cost, in a sentence without its end. */
export function gainText(proposals: readonly Proposal[]): string {
  const moves = proposals.reduce((sum, one) => sum + one.moves.length, 0);
  const milli = proposals.reduce((sum, { gpuMilli }) => sum + gpuMilli, 0);
  const minutes = proposals.reduce((sum, { podMinutes }) => sum + podMinutes, 0);
  const whom = proposals.map(({ queued }) => queued.gang.key).slice(0, 3);
  const more = proposals.length > whom.length ? ` and ${proposals.length - whom.length} more` : '';
  return `Moving ${moves === 1 ? '1 pod' : `${moves} pods`}, which loses ${minutes} pod-minutes, would let ${whom.join(', ')}${more} use ${milli / 1000} GPUs`;
}

function pods(count: number): string {
  return count === 1 ? '1 pod is' : `${count} pods are`;
}

function cut(state: PoolDefragmentation['state'], message: string): Pick<PoolDefragmentation, 'state' | 'message'> {
  return { state, message: message.slice(0, CHARACTERS) };
}
