import type { TargetRef } from '../../api/index.ts';
import { controllerOf, count, type Node, type Pod } from '../../kube/index.ts';
import type { Share } from '../money/worth.ts';

/** A running pod that holds GPUs, as the levers see it. Times in milliseconds since 1970. */
export interface Target {
  readonly pod: { readonly name: string; readonly uid: string; readonly startedAt: number };
  /** What a change would be made to: the pod's controller, or the pod itself. */
  readonly workload: TargetRef;
  /** The product label of GPU Feature Discovery, without its suffixes for sharing. */
  readonly model: string;
  /** GPUs or MIG instances. */
  readonly devices: number;
  readonly share: Share;
  /** The MIG profile it asked for, as in `1g.10gb`. */
  readonly migProfile?: string;
  readonly sharedNode: boolean;
  readonly memoryMiB?: number;
  /** Until when its owner asked to be left alone. */
  readonly keepUntil?: number;
}

/** Holds every lever off a pod until the RFC 3339 time that it names. */
export const keepUntilAnnotation = 'gpuoptimizer.io/keep-until';

/** The target that a pod is, or undefined when it holds no GPU or does not run on a node. */
export function targetOf(pod: Pod, node: Node | undefined): Target | undefined {
  const { name, uid } = pod.metadata;
  const startedAt = Date.parse(pod.status?.startTime ?? '');
  if (name === undefined || uid === undefined || Number.isNaN(startedAt)) return undefined;
  if (pod.spec?.nodeName === undefined || pod.status?.phase !== 'Running') return undefined;
  const ask = askOf(pod);
  if (ask === undefined) return undefined;
  const labels = node?.metadata.labels ?? {};
  const memory = Number.parseInt(labels['nvidia.com/gpu.memory'] ?? '', 10);
  const keepUntil = Date.parse(pod.metadata.annotations?.[keepUntilAnnotation] ?? '');
  const model = bareModel(labels['nvidia.com/gpu.product'] ?? '');
  return {
    pod: { name, uid, startedAt },
    workload: workloadOf(pod, name, uid),
    model,
    devices: ask.devices,
    share: ask.migProfile === undefined ? { part: 1n, of: 1n } : migShare(ask.migProfile, model),
    ...(ask.migProfile === undefined ? {} : { migProfile: ask.migProfile }),
    sharedNode: ask.shared || sharesGpus(labels),
    ...(Number.isNaN(memory) ? {} : { memoryMiB: memory }),
    ...(Number.isNaN(keepUntil) ? {} : { keepUntil }),
  };
}

interface Ask {
  readonly devices: number;
  readonly migProfile?: string;
  readonly shared: boolean;
}

const migResource = /^nvidia\.com\/mig-(.+)$/;
const sharedResource = 'nvidia.com/gpu.shared';

function askOf(pod: Pod): Ask | undefined {
  const asks = (pod.spec?.containers ?? [])
    .flatMap((container) => Object.entries(container.resources?.limits ?? {}))
    .filter(([name, amount]) => isGpu(name) && count(amount) > 0);
  const first = asks[0]?.[0];
  if (first === undefined) return undefined;
  const migProfile = migResource.exec(first)?.[1];
  return {
    devices: asks.reduce((sum, [, amount]) => sum + count(amount), 0),
    ...(migProfile === undefined ? {} : { migProfile }),
    shared: asks.some(([name]) => name === sharedResource),
  };
}

function isGpu(resource: string): boolean {
  return resource === 'nvidia.com/gpu' || resource === sharedResource || migResource.test(resource);
}

function workloadOf(pod: Pod, name: string, uid: string): TargetRef {
  const owner = controllerOf(pod);
  if (owner === undefined) return { apiVersion: 'v1', kind: 'Pod', name, uid };
  return { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.name, uid: owner.uid };
}

/** GPU Feature Discovery adds `-SHARED` for time-slicing and `-MIG-1g.10gb` with the single strategy. */
function bareModel(product: string): string {
  return product.replace(/-SHARED$/, '').replace(/-MIG-.*$/, '');
}

function sharesGpus(labels: Readonly<Record<string, string>>): boolean {
  const strategy = labels['nvidia.com/gpu.sharing-strategy'];
  return (strategy !== undefined && strategy !== 'none') || Number(labels['nvidia.com/gpu.replicas'] ?? '1') > 1;
}

/** The compute slices of a MIG profile; an A30 has four, every later data-centre GPU seven. */
function migShare(profile: string, model: string): Share {
  const slices = Number.parseInt(profile, 10);
  const of = /A30\b/.test(model) ? 4n : 7n;
  return { part: Number.isNaN(slices) ? of : BigInt(slices), of };
}
