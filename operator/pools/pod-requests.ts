import { bytes, count, milliCpu, type Pod } from '../kube/index.ts';
import { NVIDIA_PREFIX } from './nvidia/labels.ts';

/** A number of devices of one extended resource. */
export interface DeviceRequest {
  /** Name of the extended resource, for example `nvidia.com/gpu`. */
  readonly resource: string;
  readonly count: number;
}

/** What a pod takes on its node, as kube-scheduler counts it. */
export interface PodRequests {
  readonly cpuMilli: number;
  /** Rounded up to whole MiB. */
  readonly memoryMiB: number;
  /** NVIDIA resources with a count above zero, sorted by name. */
  readonly devices: readonly DeviceRequest[];
}

type Spec = NonNullable<Pod['spec']>;
type Container = Spec['containers'][number];
type Amount = (container: Container) => number;

const MIB = 1024 * 1024;
const known = new WeakMap<Pod, PodRequests>();

/**
 * What the pod takes: the sum of its containers and sidecars or the peak of its init containers, whichever is larger,
 * plus overhead [K8 pkg/api/v1/resource PodRequests]. Remembered by object, because cached pods never change.
 */
export function podRequests(pod: Pod): PodRequests {
  const before = known.get(pod);
  if (before !== undefined) return before;
  const requests = compute(pod);
  known.set(pod, requests);
  return requests;
}

function compute(pod: Pod): PodRequests {
  const { spec } = pod;
  if (spec === undefined) return { cpuMilli: 0, memoryMiB: 0, devices: [] };
  const cpu = milliCpu(spec.resources?.requests?.cpu) || effective(spec, (one) => milliCpu(requested(one, 'cpu')));
  const memory = bytes(spec.resources?.requests?.memory) || effective(spec, (one) => bytes(requested(one, 'memory')));
  return {
    cpuMilli: cpu + milliCpu(spec.overhead?.cpu),
    memoryMiB: Math.ceil((memory + bytes(spec.overhead?.memory)) / MIB),
    devices: deviceNames(spec)
      .map((resource) => ({ resource, count: effective(spec, (one) => count(requested(one, resource))) }))
      .filter((request) => request.count > 0),
  };
}

function requested(container: Container, resource: string): string | undefined {
  const { requests, limits } = container.resources ?? {};
  return requests?.[resource] ?? limits?.[resource];
}

function deviceNames(spec: Spec): readonly string[] {
  const names = new Set<string>();
  for (const { resources } of [...spec.containers, ...(spec.initContainers ?? [])]) {
    for (const name of Object.keys({ ...resources?.limits, ...resources?.requests })) {
      if (name.startsWith(NVIDIA_PREFIX)) names.add(name);
    }
  }
  return [...names].sort();
}

function effective(spec: Spec, amount: Amount): number {
  let sidecars = 0;
  let peak = 0;
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      sidecars += amount(container);
      peak = Math.max(peak, sidecars);
      continue;
    }
    peak = Math.max(peak, sidecars + amount(container));
  }
  const steady = spec.containers.reduce((sum, container) => sum + amount(container), sidecars);
  return Math.max(steady, peak);
}

/** True while the pod takes room on its node: bound and not finished; a pod that is being deleted still does. */
export function takesRoom(pod: Pod): boolean {
  return pod.spec?.nodeName !== undefined && pod.spec.nodeName !== '' && !isFinished(pod);
}

/** True once the pod has ended, well or not. */
export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}
