import { type GPUPool, kinds } from '../../api/index.ts';
import { controllerOf, keyText, Node, Pod } from '../../kube/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { createPoolClaims } from '../membership.ts';
import { label } from '../nvidia/labels.ts';
import { nodeGpus } from '../nvidia/node-gpus.ts';
import { nodeOwner } from '../nvidia/node-owner.ts';
import { PLAN } from '../planner-names.ts';
import { isFinished, podRequests, takesRoom } from '../pod-requests.ts';
import type { NodeCuts } from '../sharing/desired.ts';
import { type NodeRecord, type Operation, readOperation, readRecord } from './operation.ts';
import type { HolderFacts, NodeWorld } from './world.ts';

/** Index of pods by the node whose GPUs they hold, or were promised. */
export const HOLDERS_BY_NODE = 'pools/holders';
/** Index of the components that mig-manager stops, by their node. */
export const OPERANDS_BY_NODE = 'pools/operands';
/** Index with one value: the components of NVIDIA's GPU Operator that run anywhere. */
export const OPERANDS = 'pools/gpu-operator';

/** The components in the order in which mig-manager waits for them [mig-parted pkg/mig/reconfigure]. */
const operandApps: readonly string[] = [
  'nvidia-device-plugin-daemonset',
  'gpu-feature-discovery',
  'nvidia-dcgm-exporter',
  'nvidia-dcgm',
];
const CLIENT_LABEL = 'nvidia.com/gpu.deploy.client';

/** Values of `pools/holders`. */
export function holderNode(pod: Pod): readonly string[] {
  if (isFinished(pod) || podRequests(pod).devices.length === 0) return [];
  const node = takesRoom(pod) ? pod.spec?.nodeName : promisedNode(pod);
  return node === undefined ? [] : [node];
}

/** The node that a released pod is pinned to and not bound to yet. */
function promisedNode(pod: Pod): string | undefined {
  const gated = (pod.spec?.schedulingGates?.length ?? 0) > 0;
  if (gated || pod.metadata.labels?.[PLAN] === undefined) return undefined;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const field = required?.nodeSelectorTerms[0]?.matchFields?.findLast(
    ({ key, operator }) => key === 'metadata.name' && operator === 'In',
  );
  return field?.values?.length === 1 ? field.values[0] : undefined;
}

/** Values of `pools/operands`. */
export function operandNode(pod: Pod): readonly string[] {
  const { nodeName } = pod.spec ?? {};
  return nodeName === undefined || operandRank(pod) < 0 ? [] : [nodeName];
}

/** Values of `pools/gpu-operator`. */
export function operandMark(pod: Pod): readonly string[] {
  return pod.metadata.labels?.app === operandApps[0] ? ['any'] : [];
}

function operandRank(pod: Pod): number {
  const rank = operandApps.indexOf(pod.metadata.labels?.app ?? '');
  return rank < 0 && pod.spec?.nodeSelector?.[CLIENT_LABEL] !== undefined ? operandApps.length : rank;
}

/** The namespace of NVIDIA's components; undefined where none runs. */
export function operandNamespace(reader: Reader): string | undefined {
  const pods = reader.list(Pod, { index: { name: OPERANDS, value: 'any' } });
  return pods.map(({ metadata }) => metadata.namespace ?? '').sort()[0];
}

/** A node as the changes of its sharing see it. */
export interface ChangeFacts {
  readonly name: string;
  readonly uid?: string;
  readonly world: NodeWorld;
  readonly cuts: NodeCuts;
  readonly operation: Operation | 'Unreadable' | undefined;
  readonly record: NodeRecord;
  /** The pool that has the node; absent for a node that a pool let go while it was being changed. */
  readonly pool?: GPUPool;
}

/** The nodes of pools, and those whose change is not finished, by name. */
export function observeNodes(reader: Reader, now: Date): readonly ChangeFacts[] {
  const claims = createPoolClaims(reader.list(kinds.GPUPool));
  const facts: ChangeFacts[] = [];
  for (const node of reader.list(Node)) {
    const [pool] = claims(node);
    const operation = readOperation(node.metadata.annotations);
    if (pool !== undefined || operation !== undefined) facts.push(nodeFacts(node, pool, operation, reader, now));
  }
  return facts.sort((left, right) => (left.name < right.name ? -1 : 1));
}

function nodeFacts(
  node: Node,
  pool: GPUPool | undefined,
  operation: ChangeFacts['operation'],
  reader: Reader,
  now: Date,
): ChangeFacts {
  const { name = '', uid, labels = {}, annotations } = node.metadata;
  const record = readRecord(annotations);
  const memory = Number(labels[label.memory] ?? Number.NaN);
  // Most nodes are not to be changed, and who is on them is not asked.
  const holders = once(() =>
    reader.list(Pod, { index: { name: HOLDERS_BY_NODE, value: name } }).map((pod) => holder(pod, now)),
  );
  const operands = once(() => operandsOn(name, reader));
  return {
    name,
    uid,
    operation,
    record,
    pool,
    world: {
      node,
      ready: node.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True',
      unschedulable: node.spec?.unschedulable === true,
      owner: nodeOwner(node),
      get holders() {
        return holders();
      },
      get operands() {
        return operands();
      },
    },
    cuts: {
      gpus: nodeGpus(node),
      memoryMiB: Number.isFinite(memory) ? memory : undefined,
      migCapable: labels[label.migCapable] === 'true',
      mig: labels[label.migConfig],
      plugin: labels[label.pluginConfig],
      remembered: record.layout,
    },
  };
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function operandsOn(node: string, reader: Reader): readonly string[] {
  return [...reader.list(Pod, { index: { name: OPERANDS_BY_NODE, value: node } })]
    .sort((left, right) => operandRank(left) - operandRank(right) || (keyText(left) < keyText(right) ? -1 : 1))
    .map(({ metadata }) => metadata.name ?? '');
}

function holder(pod: Pod, now: Date): HolderFacts {
  const start = Date.parse(pod.status?.startTime ?? '');
  return {
    pod,
    key: keyText(pod),
    resources: podRequests(pod).devices.map(({ resource }) => resource),
    keep: reasonToKeep(pod),
    leaving: pod.metadata.deletionTimestamp !== undefined,
    minutes: Number.isNaN(start) ? 0 : Math.max(0, Math.floor((now.getTime() - start) / 60_000)),
  };
}

/** Why a pod must not be evicted: marks that others understand too, and pods that come back at once. */
function reasonToKeep(pod: Pod): string | undefined {
  const { annotations = {} } = pod.metadata;
  if (annotations['karpenter.sh/do-not-disrupt'] === 'true') return 'karpenter.sh/do-not-disrupt';
  if (annotations['cluster-autoscaler.kubernetes.io/safe-to-evict'] === 'false') return 'safe-to-evict is "false"';
  if (annotations['kubernetes.io/config.mirror'] !== undefined) return 'it is a static pod';
  return controllerOf(pod)?.kind === 'DaemonSet' ? 'its DaemonSet would make it again' : undefined;
}
