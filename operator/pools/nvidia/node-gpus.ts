import { count, type Node } from '../../kube/index.ts';
import { findMigModel, migEquivalentMilli, migResourceMilli, parseMigProfile, profileShape } from '../mig/index.ts';
import { GPU_RESOURCE, label, MIG_RESOURCE_PREFIX, NVIDIA_PREFIX, SHARED_GPU_RESOURCE } from './labels.ts';

/** How the GPUs of a node are shared. */
export type SharingType = 'Exclusive' | 'TimeSlicing' | 'MPS' | 'MIG' | 'DRA';

/** Devices of one extended resource on a node. */
export interface AdvertisedResource {
  readonly name: string;
  /** Allocatable: what the kubelet hands out; 0 while its device plugin is away. */
  readonly count: number;
  /** What one device is worth, in thousandths of a GPU; 0 for what is no part of a GPU. */
  readonly milliEach: number;
  /** How many can still be handed out, where that is not what is left of the count because devices overlap (DRA). */
  readonly free?: number;
}

/** The GPUs of a node, from its labels and advertised resources. */
export interface NodeGpus {
  /** Product label without the suffixes that GPU Feature Discovery adds for sharing; empty without GPUs. */
  readonly model: string;
  /** Physical GPUs, healthy or not. */
  readonly physical: number;
  /** Physical GPUs that the device plugin withdrew (capacity above allocatable), rounded up. */
  readonly withdrawn: number;
  readonly sharing: SharingType;
  /** Pods that share one GPU; 1 unless time-sliced or under MPS. */
  readonly replicas: number;
  /** Usable GPUs that are not cut, and the resource they are advertised under; empty when all are cut. */
  readonly whole: { readonly count: number; readonly resource: string };
  /** MIG devices by resource. */
  readonly slices: readonly AdvertisedResource[];
  /** Every NVIDIA resource that the node names, sorted by name; one whose plugin is away for a moment has a count of 0. */
  readonly resources: readonly AdvertisedResource[];
  /** Thousandths of a GPU that all resources together can give, where that is less than their sum (DRA). */
  readonly offeredMilli?: number;
}

type Labels = Readonly<Record<string, string>>;
type Quantities = Readonly<Record<string, string>>;

const known = new WeakMap<Node, NodeGpus>();
const singleMig = /^(.+)-MIG-(\d+(?:c\.\d+)?g\..+)$/;

/** Reads the GPUs of a node. Remembered by object, because cached nodes never change. */
export function nodeGpus(node: Node): NodeGpus {
  const before = known.get(node);
  if (before !== undefined) return before;
  const gpus = read(node);
  known.set(node, gpus);
  return gpus;
}

function read(node: Node): NodeGpus {
  const labels: Labels = node.metadata.labels ?? {};
  const product = productOf(labels);
  const replicas = replicasOf(labels);
  const worth = (name: string): number => worthOf(name, product, replicas, labels);
  const { allocatable, capacity } = node.status ?? {};
  const resources = advertised({ ...absent(capacity), ...allocatable }, worth);
  const before = advertised(capacity, worth).filter(hasDevices);
  const offered = resources.filter(hasDevices);
  const slices = offered.filter(({ name }) => isSlice(name, product));
  const wholes = resources.filter(({ name }) => isWhole(name, product));
  const whole = wholes.find(hasDevices) ?? wholes[0];
  const physical = physicalOf(before, product, replicas, labels);
  return {
    model: offered.length === 0 && before.length === 0 ? '' : product.model,
    physical,
    withdrawn: Math.min(physical, Math.max(0, Math.ceil((sum(before) - sum(resources)) / 1000))),
    sharing: sharingOf(
      labels,
      replicas,
      before.some(({ name }) => isSlice(name, product)),
    ),
    replicas,
    whole: { count: Math.floor((whole?.count ?? 0) / replicas), resource: whole?.name ?? '' },
    slices,
    resources,
  };
}

/** The worth of one device of a resource on a node, in thousandths of a GPU; 0 where the node does not advertise it. */
export function deviceMilli(gpus: NodeGpus, resource: string): number {
  return gpus.resources.find(({ name }) => name === resource)?.milliEach ?? 0;
}

interface Product {
  readonly model: string;
  /** Under the MIG strategy `single` the profile that `nvidia.com/gpu` stands for. */
  readonly profile?: string;
}

function productOf(labels: Labels): Product {
  const product = (labels[label.product] ?? 'unknown').replace(/-SHARED$/, '');
  const match = singleMig.exec(product);
  return match?.[1] === undefined ? { model: product } : { model: match[1], profile: match[2] };
}

function replicasOf(labels: Labels): number {
  const replicas = Number(labels[label.replicas] ?? '1');
  const shared = (labels[label.sharingStrategy] ?? 'time-slicing') !== 'none';
  return shared && Number.isInteger(replicas) && replicas > 1 ? replicas : 1;
}

function memoryOf(labels: Labels): number | undefined {
  const memory = Number(labels[label.memory] ?? Number.NaN);
  return Number.isFinite(memory) ? memory : undefined;
}

function isSlice(name: string, product: Product): boolean {
  return name.startsWith(MIG_RESOURCE_PREFIX) || (product.profile !== undefined && name === GPU_RESOURCE);
}

function isWhole(name: string, product: Product): boolean {
  return !isSlice(name, product) && (name === GPU_RESOURCE || name === SHARED_GPU_RESOURCE);
}

function worthOf(name: string, product: Product, replicas: number, labels: Labels): number {
  if (isWhole(name, product)) return Math.floor(1000 / replicas);
  if (!isSlice(name, product)) return 0;
  return Math.floor(sliceMilli(name, product, labels) / sliceReplicas(name, replicas, labels));
}

function sliceMilli(name: string, product: Product, labels: Labels): number {
  if (name !== GPU_RESOURCE) return migResourceMilli(name, product.model, memoryOf(labels)) ?? 0;
  const model = findMigModel(product.model);
  const profile = parseMigProfile(product.profile ?? '');
  return model === undefined || profile === undefined ? 0 : (migEquivalentMilli(model, profile) ?? 0);
}

/** Pods that share one MIG device: under the strategy `single` as the node says, under `mixed` as each resource says. */
function sliceReplicas(name: string, replicas: number, labels: Labels): number {
  if (name === GPU_RESOURCE) return replicas;
  const own = Number(labels[`${name.replace(/\.shared$/, '')}.replicas`] ?? '1');
  return Number.isInteger(own) && own > 1 ? own : 1;
}

function hasDevices({ count }: AdvertisedResource): boolean {
  return count > 0;
}

/** The same names with nothing of each. */
function absent(quantities: Quantities | undefined): Quantities {
  return Object.fromEntries(Object.keys(quantities ?? {}).map((name) => [name, '0']));
}

function advertised(quantities: Quantities | undefined, worth: (name: string) => number): AdvertisedResource[] {
  return Object.entries(quantities ?? {})
    .filter(([name]) => name.startsWith(NVIDIA_PREFIX))
    .map(([name, quantity]) => ({ name, count: count(quantity), milliEach: worth(name) }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

function sum(resources: readonly AdvertisedResource[]): number {
  return resources.reduce((total, resource) => total + resource.count * resource.milliEach, 0);
}

/** The label counts physical GPUs, except under the strategy `single`, where it counts MIG devices. */
function physicalOf(
  resources: readonly AdvertisedResource[],
  product: Product,
  replicas: number,
  labels: Labels,
): number {
  const whole = resources.find(({ name }) => isWhole(name, product))?.count ?? 0;
  const seen = Math.ceil(whole / replicas) + cutGpus(resources, product, replicas, labels);
  const counted = Number(labels[label.count] ?? Number.NaN);
  return product.profile === undefined && Number.isInteger(counted) ? Math.max(counted, seen) : seen;
}

/** Least number of GPUs that these MIG devices can come from, by compute slices and by memory slots. */
function cutGpus(resources: readonly AdvertisedResource[], product: Product, replicas: number, labels: Labels): number {
  const model = findMigModel(product.model, product.profile === undefined ? memoryOf(labels) : undefined);
  let compute = 0;
  let slots = 0;
  for (const { name, count: shares } of resources) {
    if (!isSlice(name, product)) continue;
    const devices = Math.ceil(shares / sliceReplicas(name, replicas, labels));
    const text = name === GPU_RESOURCE ? (product.profile ?? '') : name.slice(MIG_RESOURCE_PREFIX.length);
    const profile = parseMigProfile(text);
    const shape = model === undefined || profile === undefined ? undefined : profileShape(model, profile);
    compute += devices * (shape?.compute ?? 0);
    slots += devices * (shape?.memorySlots ?? 0);
  }
  if (model === undefined) return 0;
  const { computeSlices, memorySlots } = model.geometry;
  return Math.max(Math.ceil(compute / computeSlices), Math.ceil(slots / memorySlots));
}

function sharingOf(labels: Labels, replicas: number, cut: boolean): SharingType {
  if (cut) return 'MIG';
  if (replicas <= 1) return 'Exclusive';
  return labels[label.sharingStrategy] === 'mps' ? 'MPS' : 'TimeSlicing';
}
