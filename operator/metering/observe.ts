import { Namespace, Node, Pod } from '../kube/index.ts';
import { TENANT_LABEL } from '../pools/index.ts';
import type { Reader } from '../runtime/index.ts';
import { opensAt, startOf } from './bill-from/opening.ts';
import type { Allocation, End, PodFact } from './facts.ts';
import { meteringFinalizer, type NodeLabels, productLabel, unassigned } from './labels.ts';
import { deviceOf, gpusOf, meterOf } from './sku.ts';

/** Answers whose a namespace is, by its label; `_unassigned` for one of nobody. */
export function createTenantLookup(reader: Reader): (namespace: string) => string {
  const tenants = new Map(
    reader.list(Namespace).map(({ metadata }) => [metadata.name ?? '', metadata.labels?.[TENANT_LABEL] ?? unassigned]),
  );
  return (namespace) => tenants.get(namespace) ?? unassigned;
}

/**
 * Every pod of the cluster that asks for GPUs, by resources or by claims, or carries our finalizer, as metering sees it. What claims hold is theirs:
 * a pod that only has claims has no devices of its own, and is only let go. `boundFromOf` answers since when a namespace
 * counts from the bind; it and `now` are milliseconds since 1970.
 */
export function observe(
  reader: Reader,
  tenantOf: (namespace: string) => string,
  boundFromOf: (namespace: string) => number,
  now: number,
): readonly PodFact[] {
  const labelsOf = (node: string): NodeLabels | undefined => reader.get(Node, { name: node })?.metadata.labels;
  return reader.list(Pod).flatMap((pod) => {
    if (!concernsMetering(pod)) return [];
    const { namespace = '' } = pod.metadata;
    return [podFact(pod, tenantOf(namespace), labelsOf, boundFromOf(namespace), now)];
  });
}

/** Whether a pod asks for GPUs, by resources or by claims, or is held for one that it never got: it must be let go too. */
export function concernsMetering(pod: Pod): boolean {
  if (gpusOf(pod).length > 0 || (pod.spec?.resourceClaims?.length ?? 0) > 0) return true;
  return pod.metadata.finalizers?.includes(meteringFinalizer) === true;
}

/** A pod's hold on its devices, in milliseconds since 1970. */
export interface Hold {
  /** When it was bound. */
  readonly at: number;
  /** From when that counts; absent while it does not. */
  readonly from?: number;
  /** When it ended; absent while it runs. */
  readonly end?: End;
}

/** The hold of a pod; undefined for one that was never bound. */
export function holdOf(pod: Pod, boundFrom: number, now: number): Hold | undefined {
  if ((pod.spec?.nodeName ?? '') === '') return undefined;
  const at = boundAt(pod);
  const end = endOf(pod, at, now);
  const until = end?.at ?? now;
  return { at, from: opensAt({ bind: at, start: startOf(pod, at, until), until }, boundFrom), end };
}

function podFact(
  pod: Pod,
  tenant: string,
  labelsOf: (node: string) => NodeLabels | undefined,
  boundFrom: number,
  now: number,
): PodFact {
  const { metadata } = pod;
  const held = metadata.finalizers?.includes(meteringFinalizer) ?? false;
  const leaving = metadata.deletionTimestamp !== undefined || isTerminal(pod);
  const hold = holdOf(pod, boundFrom, now);
  const bound = hold && boundOf(pod, hold, labelsOf);
  return {
    uid: metadata.uid ?? '',
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    tenant,
    // A held pod was made in a tenant's namespace: where it is new, the label is only not seen yet, and the next pass will.
    early: held && tenant === unassigned && !leaving,
    bound,
    end: bound && hold?.end,
    leaving,
    held,
  };
}

/** A node that is not known yet leaves the pod for a later pass, unless the pod has ended and cannot wait. */
function boundOf(pod: Pod, { from }: Hold, labelsOf: (node: string) => NodeLabels | undefined): PodFact['bound'] {
  const node = pod.spec?.nodeName ?? '';
  const labels = labelsOf(node);
  if (labels?.[productLabel] === undefined && !isTerminal(pod) && pod.metadata.deletionTimestamp === undefined) {
    return undefined;
  }
  return { node, at: from, allocations: allocations(pod, labels ?? {}) };
}

function allocations(pod: Pod, labels: NodeLabels): readonly Allocation[] {
  const backed = new Set(
    (pod.status?.extendedResourceClaimStatus?.requestMappings ?? []).map(({ resourceName }) => resourceName),
  );
  const own = gpusOf(pod).filter(({ resource }) => !backed.has(resource));
  return own.map(({ resource, count }) => {
    const device = deviceOf(resource, labels);
    return { ...device, deviceKey: resource, meter: meterOf(device), units: count };
  });
}

/** The bind, as the scheduler's condition states it; pods bound without a scheduler have only their start or creation. */
function boundAt(pod: Pod): number {
  const scheduled = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'True');
  const text = scheduled?.lastTransitionTime ?? pod.status?.startTime ?? pod.metadata.creationTimestamp;
  return Date.parse(text ?? '');
}

/** When the pod let go of its devices, clamped to [bind, now] because kubelets have clocks of their own. */
function endOf(pod: Pod, bind: number, now: number): End | undefined {
  const clamp = (at: number): number => Math.min(Math.max(at, bind), Math.max(now, bind));
  if (isTerminal(pod)) {
    const { finished, isComplete } = finishOf(pod);
    if (finished !== undefined && isComplete) return { at: clamp(finished), estimated: false };
    // What is known are moments at which the pod still was: the last of them is the end that nobody can dispute.
    return {
      at: clamp(Math.max(...[transition(pod) ?? takenAt(pod), finished].map((at) => at ?? bind))),
      estimated: true,
    };
  }
  if (pod.metadata.deletionTimestamp === undefined || pod.metadata.deletionGracePeriodSeconds !== 0) return undefined;
  // Deleted by force: nobody will tell when its containers ended.
  return { at: clamp(Date.parse(pod.metadata.deletionTimestamp)), estimated: true };
}

/** The last end that a container told, and whether all that ran have told theirs: those of a lost node do not. */
function finishOf(pod: Pod): { readonly finished?: number; readonly isComplete: boolean } {
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const times = statuses.flatMap(({ state }) => state?.terminated?.finishedAt ?? []).map((text) => Date.parse(text));
  const isComplete = statuses.every(
    ({ state }) => !state?.running && (!state?.terminated || Boolean(state.terminated.finishedAt)),
  );
  return times.length === 0 ? { isComplete } : { finished: Math.max(...times), isComplete };
}

/** When the kubelet took the pod; of one that it rejected, this is when it did. */
function takenAt(pod: Pod): number | undefined {
  const text = pod.status?.startTime;
  return text === undefined ? undefined : Date.parse(text);
}

/** A pod that failed without its kubelet (eviction by the node controller) has only the time of its conditions. */
function transition(pod: Pod): number | undefined {
  const wanted = ['DisruptionTarget', 'Ready'];
  const found = wanted.flatMap((type) => pod.status?.conditions?.find((condition) => condition.type === type) ?? []);
  const text = found[0]?.lastTransitionTime;
  return text === undefined ? undefined : Date.parse(text);
}

function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}
