import { createDeviceRoom, type DeviceRoom, type RoomDevice } from './device-room.ts';
import { seededRandom, shuffled } from './random.ts';
import { MILLI_PER_GPU, type NodeFacts } from './types.ts';

/**
 * What is free on every node, in arrays indexed by node so that a decision is a scan. It is updated by `hold` and
 * `release` (hold.ts), never rebuilt for a pod. Nodes stand in tie order.
 */
export interface Snapshot {
  readonly nodes: NodeFacts[];
  readonly indexOf: ReadonlyMap<string, number>;
  readonly cpuFree: Float64Array;
  readonly memoryFree: Float64Array;
  readonly podsFree: Float64Array;
  /** Free milli of GPU g of node n at `n * gpuStride + g`; -1 where the node has no such GPU. */
  readonly gpuFree: Int32Array;
  readonly gpuStride: number;
  /** Resource under which the GPUs are advertised, and the milli of one device of it. */
  readonly gpuResource: Int32Array;
  readonly slotMilli: Int32Array;
  /** Free devices of named resource r of node n at `n * namedStride + r`, and what one is worth. */
  readonly namedFree: Int32Array;
  readonly namedMilli: Int32Array;
  readonly namedStride: number;
  /** Devices of a node that share counters; where there is a room, `namedFree` of its resources says how many fit now. */
  readonly rooms: readonly (DeviceRoom | undefined)[];
  /** Idle milli of all GPUs and named devices of the node. */
  readonly idleMilli: Float64Array;
  /** Counts the changes of a node; scores are cached under it. */
  readonly version: Uint32Array;
  readonly resourceIds: ReadonlyMap<string, number>;
  /** Names of resources by id. */
  readonly resourceNames: readonly string[];
  /** Largest node, which BestFit measures leftovers against. */
  readonly largest: { readonly cpuMilli: number; readonly gpuMilli: number };
  readonly capacityMilli: number;
  readonly taken: Map<string, Taken>;
  /** Milli-GPU held by tenant and then pool (empty text: a node without pool). */
  readonly usedMilli: Map<string, Map<string, number>>;
  /** The same by tenant and then `partKey` of the pool and the model. */
  readonly usedByModel: Map<string, Map<string, number>>;
  /** Counts the changes of labels, taints and readiness; eligibility is cached under it. */
  facts: number;
}

/** What one pod took from a node, so that it can be given back exactly. */
export interface Taken {
  readonly node: number;
  readonly cpuMilli: number;
  readonly memoryMiB: number;
  readonly gpus: readonly { readonly index: number; readonly milli: number }[];
  readonly named: readonly { readonly resource: number; readonly count: number }[];
  readonly devices: readonly RoomDevice[];
  /** Places for pods: none for what is no pod. */
  readonly pods: number;
  /** Sum over GPUs and named devices. */
  readonly gpuMilli: number;
  /** What counts against quotas: also devices that the node does not offer at the moment. */
  readonly chargedMilli: number;
  readonly tenant?: string;
}

/** Text for a model within a pool; names of pools have no slash. */
export function partKey(pool: string | undefined, model: string): string {
  return `${pool ?? ''}/${model}`;
}

/** Milli of one device of a node's GPUs: floor(1000 / replicas). */
export function slotMilliOf(facts: NodeFacts): number {
  return Math.floor(MILLI_PER_GPU / Math.max(1, facts.gpus.replicas));
}

/** GPU capacity of a node in milli: whole GPUs (all their slots) and named devices. */
export function capacityMilliOf(facts: NodeFacts): number {
  if (facts.room !== undefined) return facts.room.gpus * MILLI_PER_GPU;
  const slots = facts.gpus.count * Math.max(1, facts.gpus.replicas) * slotMilliOf(facts);
  return facts.resources.reduce((sum, resource) => sum + resource.count * resource.milliEach, slots);
}

/**
 * An empty snapshot of the nodes. Ties go to the first node in input order, or, with a seed, in an order shuffled by
 * it (the order that reproduces FGD's published numbers).
 */
export function createSnapshot(input: readonly NodeFacts[], seed?: number): Snapshot {
  const nodes = seed === undefined ? [...input] : shuffled(input, seededRandom(seed));
  const resourceIds = new Map<string, number>();
  const idOf = (name: string): number => {
    const known = resourceIds.get(name);
    if (known !== undefined) return known;
    resourceIds.set(name, resourceIds.size);
    return resourceIds.size - 1;
  };
  for (const node of nodes) {
    idOf(node.gpus.resource);
    for (const resource of node.resources) idOf(resource.name);
  }
  const count = nodes.length;
  const gpuStride = Math.max(1, ...nodes.map((node) => node.gpus.count));
  const namedStride = Math.max(1, resourceIds.size);
  const snapshot: Snapshot = {
    nodes,
    indexOf: new Map(nodes.map((node, index) => [node.name, index])),
    cpuFree: Float64Array.from(nodes, (node) => node.cpuMilli),
    memoryFree: Float64Array.from(nodes, (node) => node.memoryMiB),
    podsFree: Float64Array.from(nodes, (node) => node.pods ?? Number.POSITIVE_INFINITY),
    gpuFree: new Int32Array(count * gpuStride).fill(-1),
    gpuStride,
    gpuResource: Int32Array.from(nodes, (node) => idOf(node.gpus.resource)),
    slotMilli: Int32Array.from(nodes, slotMilliOf),
    namedFree: new Int32Array(count * namedStride),
    namedMilli: new Int32Array(count * namedStride),
    namedStride,
    rooms: nodes.map(({ room }) => (room === undefined ? undefined : createDeviceRoom(room))),
    idleMilli: Float64Array.from(nodes, capacityMilliOf),
    version: new Uint32Array(count).fill(1),
    resourceIds,
    resourceNames: [...resourceIds.keys()],
    largest: {
      cpuMilli: Math.max(1, ...nodes.map((node) => node.cpuMilli)),
      gpuMilli: Math.max(1, ...nodes.map(capacityMilliOf)),
    },
    capacityMilli: nodes.reduce((sum, node) => sum + capacityMilliOf(node), 0),
    taken: new Map(),
    usedMilli: new Map(),
    usedByModel: new Map(),
    facts: 1,
  };
  for (const [index, node] of nodes.entries()) fillDevices(snapshot, index, node);
  return snapshot;
}

function fillDevices(snapshot: Snapshot, index: number, node: NodeFacts): void {
  const full = Math.max(1, node.gpus.replicas) * slotMilliOf(node);
  snapshot.gpuFree.fill(full, index * snapshot.gpuStride, index * snapshot.gpuStride + node.gpus.count);
  for (const resource of node.resources) {
    const at = index * snapshot.namedStride + (snapshot.resourceIds.get(resource.name) ?? 0);
    snapshot.namedFree[at] = resource.count;
    snapshot.namedMilli[at] = resource.milliEach;
  }
}

/**
 * Takes over changed labels, taints, pool or readiness of a node in place; one whose pool changes must hold nothing.
 * False when the node is new, of another model or another capacity: then the snapshot must be built again.
 */
export function updateNode(snapshot: Snapshot, facts: NodeFacts): boolean {
  const index = snapshot.indexOf.get(facts.name);
  const known = index === undefined ? undefined : snapshot.nodes[index];
  if (index === undefined || known === undefined || !sameCapacity(known, facts)) return false;
  snapshot.nodes[index] = facts;
  snapshot.facts++;
  return true;
}

/** Whether two states of a node are of one model and offer the same. */
export function sameCapacity(left: NodeFacts, right: NodeFacts): boolean {
  return capacityKey(left) === capacityKey(right);
}

function capacityKey(facts: NodeFacts): string {
  return JSON.stringify([
    facts.model,
    facts.cpuMilli,
    facts.memoryMiB,
    facts.pods ?? null,
    facts.gpus,
    facts.resources,
    facts.room,
  ]);
}
