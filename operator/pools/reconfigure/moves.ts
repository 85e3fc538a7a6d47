import { label } from '../nvidia/labels.ts';
import type { NodeRecord, Operation, Outcome, Step } from './operation.ts';
import { targetKey } from './operation.ts';
import type { HolderFacts, NodeWorld } from './world.ts';

/** What changes on a node together with the step, in one patch. */
export interface NodeChange {
  readonly unschedulable?: boolean;
  /** Labels to set; null takes one away. */
  readonly labels?: Readonly<Record<string, string | null>>;
}

/** What a step does next. */
export type Move =
  /** Nothing yet; look again after so many milliseconds even if nothing changes. */
  | { readonly kind: 'Stay'; readonly after?: number; readonly why?: string }
  /** Asks pods to leave; the step stays. */
  | { readonly kind: 'Evict'; readonly holders: readonly HolderFacts[]; readonly after: number }
  /** Goes on to another state of the change, with what belongs to it. */
  | { readonly kind: 'Go'; readonly operation: Operation; readonly change: NodeChange }
  /** Ends the change. */
  | {
      readonly kind: 'End';
      readonly operation: Operation;
      readonly outcome: Outcome;
      readonly record: NodeRecord;
      readonly change: NodeChange;
    };

/** How long a target that failed on a node is not tried there again. */
const REFUSED_AFTER_ROLLBACK_MILLIS = 6 * 3_600_000;
const REFUSED_AFTER_UNDOING_MILLIS = 900_000;
/** How long a change counts against the changes per day. */
export const DAY_MILLIS = 86_400_000;

/** Goes to a step that begins now. */
export function go(
  operation: Operation,
  step: Step,
  now: Date,
  more: Partial<Operation> = {},
  change: NodeChange = {},
): Move {
  const { deadline: _deadline, stuck: _stuck, toggled: _toggled, worked: _worked, ...rest } = operation;
  return { kind: 'Go', operation: { ...rest, step, since: now.toISOString(), ...more }, change };
}

/** Gives the change up. Once NVIDIA's components were told, that is a way back; a way back has nothing to fall back to. */
export function undo(operation: Operation, why: string, now: Date): Move {
  const told = operation.deploy !== undefined;
  if (told || operation.direction === 'Back') return back(operation, why, now);
  return go(operation, 'Uncordon', now, { outcome: 'Undone', why });
}

/** Restores what was before, once. */
export function back(operation: Operation, why: string, now: Date): Move {
  const { previous } = operation;
  if (operation.direction === 'Back') return degrade(operation, why, now);
  if (operation.target.mig !== undefined && previous.mig === undefined) {
    return degrade(operation, `${why}; the cut before it has no name to return to`, now);
  }
  return go(operation, 'Label', now, { direction: 'Back', why, heals: 0, retries: 0 });
}

/** Leaves the node as it is for a person. */
export function degrade(operation: Operation, why: string, now: Date): Move {
  return go(operation, 'Degraded', now, { why });
}

/** What the change is heading for now. */
export function aim({ direction, target, previous }: Operation): Operation['target'] {
  return direction === 'Forward' ? target : previous;
}

/** Ends the change: lifts the cordon if it is ours and nobody else wants it, and remembers what came of it. */
export function end(operation: Operation, world: NodeWorld, record: NodeRecord, now: Date): Move {
  const outcome = operation.outcome ?? 'Undone';
  const lift = operation.cordon === 'Ours' && world.owner === undefined && world.unschedulable;
  const { layout } = outcome === 'Done' ? operation.target : operation.previous;
  return {
    kind: 'End',
    operation,
    outcome,
    change: lift ? { unschedulable: false } : {},
    record: {
      ...(layout !== undefined && { layout }),
      changes: [...recent(record.changes, now), operation.started],
      ...refusal(operation, outcome, now),
    },
  };
}

/** Times within the last 24 hours. */
export function recent(changes: readonly string[], now: Date): readonly string[] {
  return changes.filter((time) => now.getTime() - Date.parse(time) < DAY_MILLIS);
}

function refusal(operation: Operation, outcome: Outcome, now: Date): Pick<NodeRecord, 'refused'> {
  if (outcome === 'Done') return {};
  const wait = outcome === 'RolledBack' ? REFUSED_AFTER_ROLLBACK_MILLIS : REFUSED_AFTER_UNDOING_MILLIS;
  const until = new Date(now.getTime() + wait).toISOString();
  return { refused: { target: targetKey(operation.target), until, why: operation.why ?? outcome } };
}

/** The labels that mig-manager pauses, in the order in which it waits for their pods. */
export const DEPLOY_LABELS = [
  label.deployDevicePlugin,
  'nvidia.com/gpu.deploy.gpu-feature-discovery',
  'nvidia.com/gpu.deploy.dcgm-exporter',
  'nvidia.com/gpu.deploy.dcgm',
  'nvidia.com/gpu.deploy.nvsm',
  'nvidia.com/gpu.deploy.client',
] as const;
/** The value by which mig-manager pauses a component. */
export const PAUSED = 'paused-for-mig-change';
