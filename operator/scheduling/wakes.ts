import type { Tenant } from '../api/index.ts';
import type { Job, Pod } from '../kube/index.ts';
import { takesRoom } from '../pools/index.ts';
import { conditionOf, isGated, pinnedNode, statesOf, wasRefused } from './pod-state.ts';

/** Whether a change of a pod can change the plan. */
export function planChanged(now: Pod, before: Pod | undefined): boolean {
  if (before === undefined) return isGated(now) || takesRoom(now);
  if (isOwnProgress(now, before)) return false;
  return (
    now.spec?.nodeName !== before.spec?.nodeName ||
    statesOf(now).join() !== statesOf(before).join() ||
    now.spec?.schedulingGates?.length !== before.spec?.schedulingGates?.length ||
    now.status?.resourceClaimStatuses?.length !== before.status?.resourceClaimStatuses?.length ||
    wasRefused(now) !== wasRefused(before) ||
    conditionOf(now, 'PodScheduled')?.status !== conditionOf(before, 'PodScheduled')?.status
  );
}

/**
 * Whether a pod only went on as planned: released by us, or bound to the node it was promised. It holds the same room
 * before and after, and every release would otherwise wake two more plans of everything.
 */
function isOwnProgress(now: Pod, before: Pod): boolean {
  const step = `${statesOf(before).join()} → ${statesOf(now).join()}`;
  if (pinnedNode(now) === undefined || wasRefused(before)) return false;
  return step === 'gated → released' || (step === 'released → bound' && now.spec?.nodeName === pinnedNode(now));
}

/** Whether a change of a Job can change the size of a gang. */
export function sizeChanged(now: Job, before: Job | undefined): boolean {
  return (
    now.spec?.parallelism !== before?.spec?.parallelism ||
    now.spec?.completions !== before?.spec?.completions ||
    now.status?.succeeded !== before?.status?.succeeded
  );
}

/** Whether what a tenant may do changed: its spec, or why nothing of it starts. */
export function rightsChanged(now: Tenant, before: Tenant | undefined): boolean {
  const reasons = (tenant: Tenant | undefined): string =>
    (tenant?.status?.freezes ?? []).map(({ reason, endTime }) => `${reason} ${endTime ?? ''}`).join();
  return specChanged(now, before) || reasons(now) !== reasons(before);
}

/** Whether the spec of a custom resource changed or it is going. */
export function specChanged(
  now: { readonly metadata: { readonly generation?: number; readonly deletionTimestamp?: string } },
  before: { readonly metadata: { readonly generation?: number; readonly deletionTimestamp?: string } } | undefined,
): boolean {
  return (
    now.metadata.generation !== before?.metadata.generation ||
    now.metadata.deletionTimestamp !== before?.metadata.deletionTimestamp
  );
}
