import type { ResourceClaim } from '../../kube/index.ts';
import { ALLOCATED_FOR } from './allocation.ts';

/** Whether a change of a claim can change the plan; what the planner wrote itself and what only follows from it cannot. */
export function claimChanged(now: ResourceClaim, before: ResourceClaim | undefined): boolean {
  if (before === undefined) return true;
  const allocated = now.status?.allocation !== undefined;
  const was = before.status?.allocation !== undefined;
  if (allocated && !was) return now.metadata.annotations?.[ALLOCATED_FOR] === undefined;
  return (
    allocated !== was ||
    now.metadata.deletionTimestamp !== before.metadata.deletionTimestamp ||
    ((now.status?.reservedFor ?? []).length === 0) !== ((before.status?.reservedFor ?? []).length === 0)
  );
}
