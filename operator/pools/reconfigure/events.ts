import { Node } from '../../kube/index.ts';
import type { EventIntent } from '../../runtime/index.ts';
import { offerOf, offerText } from '../sharing/geometry.ts';
import type { Move } from './moves.ts';
import type { Operation } from './operation.ts';

/** Said when a change of a node begins. */
export function startEvent(node: Node, { id, target, pool }: Operation): EventIntent {
  const note = `GPUPool ${pool} changes how its GPUs are shared, to ${offerText(offerOf(target))}.`;
  return event(node, 'Normal', 'GPUNodeReconfigurationStarted', note, id);
}

/** The event of a move; undefined for one that nobody has to hear of. */
export function moveEvent(node: Node, operation: Operation, move: Move): EventIntent | undefined {
  const { id } = operation;
  if (move.kind === 'Go') return stepEvent(node, operation, move.operation);
  if (move.kind !== 'End') return undefined;
  const why = operation.why ?? 'no reason is known';
  switch (move.outcome) {
    case 'Done':
      return event(node, 'Normal', 'GPUNodeReconfigured', `It advertises ${offerText(offerOf(operation.target))}.`, id);
    case 'RolledBack':
      return event(
        node,
        'Warning',
        'GPUNodeReconfigurationRolledBack',
        `The previous sharing stands again: ${why}.`,
        id,
      );
    case 'Undone':
      return event(node, 'Warning', 'GPUNodeReconfigurationUndone', `Nothing was changed: ${why}.`, id);
  }
}

function stepEvent(node: Node, before: Operation, after: Operation): EventIntent | undefined {
  const { id, heals } = after;
  if (after.step === 'Degraded') {
    const note = `It stays cordoned: ${after.why}. Once it is repaired, take the annotation gpuoptimizer.io/reconfigure away and uncordon it.`;
    return event(node, 'Warning', 'GPUNodeDegraded', note, id);
  }
  if (heals <= before.heals) return undefined;
  const note = `mig-manager stood still and is started again, time ${heals}.`;
  return event(node, 'Warning', 'GPUNodeReconfigurationHealed', note, `${id}/${heals}`);
}

function event(node: Node, type: EventIntent['type'], reason: string, note: string, key: string): EventIntent {
  return { regarding: node, kind: Node, type, reason, action: 'ShareGPUs', note, dedupeKey: `${key}/${reason}` };
}
