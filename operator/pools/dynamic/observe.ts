import type { GPUPool } from '../../api/index.ts';
import { keyText, matchesSelector, type Node, Pod } from '../../kube/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { GPU_RESOURCE, MIG_RESOURCE_PREFIX } from '../nvidia/labels.ts';
import { PLAN } from '../planner-names.ts';
import { isFinished, podRequests } from '../pod-requests.ts';

/** Index with one value: pods that our gate alone holds and that ask for whole GPUs or MIG devices. */
export const GATED = 'pools/gated';

/** Values of `pools/gated`. A pod that others hold as well may never come, so no node is cut for it. */
export function gatedForDevices(pod: Pod): readonly string[] {
  const gates = pod.spec?.schedulingGates ?? [];
  if (gates.length !== 1 || gates[0]?.name !== PLAN || isFinished(pod)) return [];
  if (pod.metadata.deletionTimestamp !== undefined) return [];
  return deviceRequest(pod) === undefined ? [] : ['any'];
}

/** A pod that waits for devices of one resource. */
export interface Request {
  readonly key: string;
  readonly resource: string;
  readonly count: number;
  readonly waitedSeconds: number;
  /** Whether the pod's own node selector and required affinity allow the node. */
  readonly allows: (node: Node) => boolean;
}

/** Pods that wait for devices a dynamic pool could cut; none for other pools. Those that wait longest come first. */
export function waitingRequests(reader: Reader, pool: GPUPool, now: Date): readonly Request[] {
  const { sharing } = pool.spec;
  if (sharing?.type !== 'MIG' || sharing.mig?.type !== 'Dynamic') return [];
  return reader
    .list(Pod, { index: { name: GATED, value: 'any' } })
    .flatMap((pod) => {
      const device = deviceRequest(pod);
      const waited = now.getTime() - Date.parse(pod.metadata.creationTimestamp ?? '');
      if (device === undefined || Number.isNaN(waited)) return [];
      return [
        { key: keyText(pod), ...device, waitedSeconds: waited / 1000, allows: (node: Node) => allows(pod, node) },
      ];
    })
    .sort((left, right) => right.waitedSeconds - left.waitedSeconds || (left.key < right.key ? -1 : 1));
}

/** What a pod asks for, when it is one resource that a cut can give. */
function deviceRequest(pod: Pod): { readonly resource: string; readonly count: number } | undefined {
  const [first, second] = podRequests(pod).devices;
  if (first === undefined || second !== undefined) return undefined;
  return first.resource === GPU_RESOURCE || first.resource.startsWith(MIG_RESOURCE_PREFIX) ? first : undefined;
}

function allows(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  if (!matchesSelector({ matchLabels: pod.spec?.nodeSelector ?? {} }, labels)) return false;
  const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms === undefined) return true;
  // Gt, Lt and fields are not read here: such a term counts as not allowing the node, so nothing is cut for it.
  return terms.some(
    ({ matchExpressions, matchFields }) =>
      matchFields === undefined && matchesSelector({ matchExpressions: matchExpressions ?? [] }, labels),
  );
}
