import { createHash } from 'node:crypto';

import type { Pod } from '../kube/index.ts';
import { podRequests } from '../pools/index.ts';
import { MIG_RESOURCE_PREFIX, type NodeLabels, productLabel, replicasLabel, SHARED_SUFFIX } from './labels.ts';

/** What is metered apart: the same model and profile cost the same. */
export interface Device {
  /** The product label of GPU Feature Discovery without sharing and MIG suffixes, or `unknown`. */
  readonly model: string;
  /** `full`, a MIG profile (`1g.10gb`), or `ts` with the replicas (`ts4`). */
  readonly profile: string;
}

/** Stripe takes at most 100 characters in a meter's event name, and ours are the same. */
const longestMeter = 100;
const gpuResources: ReadonlySet<string> = new Set(['nvidia.com/gpu', 'nvidia.com/gpu.shared']);
const migProduct = /-MIG-([0-9]+g\.[0-9]+gb(?:\.[a-z.]+)?)$/;

/**
 * The GPUs, slices and shared slots that a pod asks for. NVIDIA's prefix also names network cards (`nvidia.com/hostdev`)
 * and HAMi's megabytes and cores of a GPU (`nvidia.com/gpumem`), which are no devices.
 */
export function gpusOf(pod: Pod): readonly { readonly resource: string; readonly count: number }[] {
  return podRequests(pod).devices.filter(
    ({ resource }) => gpuResources.has(resource) || resource.startsWith(MIG_RESOURCE_PREFIX),
  );
}

/** What one unit of an extended resource is on a node with these labels [GPU Feature Discovery, device plugin]. */
export function deviceOf(resource: string, labels: NodeLabels): Device {
  const product = labels[productLabel] ?? 'unknown';
  const unshared = product.endsWith(SHARED_SUFFIX) ? product.slice(0, -SHARED_SUFFIX.length) : product;
  const single = migProduct.exec(unshared)?.[1];
  const model = unshared.replace(migProduct, '');
  const slice = resource.startsWith(MIG_RESOURCE_PREFIX) ? resource.slice(MIG_RESOURCE_PREFIX.length) : single;
  const shared = sharing(resource, product, labels);
  if (slice === undefined) return { model, profile: shared ?? 'full' };
  const profile = slice.replace(/\.shared$/, '').replace(/\.me(\.all)?$/, '+me$1');
  return { model, profile: shared === undefined ? profile : `${profile}+${shared}` };
}

/** The replicas of a time-sliced device; device plugins that do not rename mark the product or the replicas label. */
function sharing(resource: string, product: string, labels: NodeLabels): string | undefined {
  const replicas = Number(labels[replicasLabel] ?? '1');
  const isShared = resource.endsWith('.shared') || product.endsWith(SHARED_SUFFIX);
  if (Number.isInteger(replicas) && replicas > 1) return `ts${replicas}`;
  return isShared ? 'ts1' : undefined;
}

/** The meter of a device: `gpu_seconds__nvidia_h100_80gb_hbm3__full`; beyond 100 characters the end is a hash. */
export function meterOf(device: Device): string {
  const name = `gpu_seconds__${slug(device.model)}__${slug(device.profile)}`;
  if (name.length <= longestMeter) return name;
  const tail = createHash('sha256').update(name).digest('hex').slice(0, 12);
  return `${name.slice(0, longestMeter - tail.length - 1)}_${tail}`;
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
}
