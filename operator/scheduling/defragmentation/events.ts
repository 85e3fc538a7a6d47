import { Pod } from '../../kube/index.ts';
import type { EventIntent } from '../../runtime/index.ts';
import type { Proposal } from './decide.ts';
import type { UnderWay } from './moves.ts';

/** Most names that a sentence spells out. */
const NAMED = 4;

/** Who moves for a gang, in a sentence for its condition and its event. */
export function movesText({ moves }: Pick<Proposal, 'moves'>): string {
  const names = moves.map(({ movable, to }) => `${movable.holding.key} to ${to}`);
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `Moved to make room in one piece: ${names.slice(0, NAMED).join(', ')}${more}.`;
}

/** Says on a pod for whom others move. */
export function roomMadeEvent(pod: Pod, proposal: Proposal): EventIntent {
  return {
    regarding: pod,
    kind: Pod,
    type: 'Normal',
    reason: 'GPURoomMade',
    action: 'Move',
    note: movesText(proposal),
    dedupeKey: `${pod.metadata.uid}/GPURoomMade/${proposal.moves.map(({ movable }) => movable.holding.key).join()}`,
  };
}

/** Says on a pod that it goes, for whom, and where room is held for its successor. */
export function podMovedEvent(pod: Pod, { move, pool }: UnderWay): EventIntent {
  return {
    regarding: pod,
    kind: Pod,
    type: 'Normal',
    reason: 'GPUPodMoved',
    action: 'Move',
    note: `It is evicted so that ${move.waiting} finds room in one piece; room for its successor is held on ${move.to}. The move loses ${move.podMinutes} pod-minutes of work (spec.defragmentation of GPUPool ${pool}).`,
    dedupeKey: `${pod.metadata.uid}/GPUPodMoved`,
  };
}

/** Says on a pod that it was to be moved and may not. */
export function moveBlockedEvent(pod: Pod, { move }: UnderWay): EventIntent {
  return {
    regarding: pod,
    kind: Pod,
    type: 'Warning',
    reason: 'GPUMoveBlocked',
    action: 'Move',
    note: `It was to be moved to ${move.to} for ${move.waiting}, and a PodDisruptionBudget keeps it; it is tried again for some minutes.`,
    dedupeKey: `${pod.metadata.uid}/GPUMoveBlocked/${move.startTime}`,
  };
}
