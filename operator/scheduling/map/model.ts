import { createSnapshot, type Holding, hold, type NodeFacts } from '../planner/index.ts';

/** What one pod has of a GPU or of a kind of devices. */
export interface Part {
  /** Pod as namespace/name. */
  readonly pod: string;
  /** Empty where no tenant owns it. */
  readonly tenant: string;
  /** Thousandths of the GPU, or a number of devices. */
  readonly amount: number;
  /** Not there yet: the plan would place it. */
  readonly planned: boolean;
}

/** One uncut GPU. The planner assumes which GPU of a node a pod is on where nobody says it. */
export interface MapGpu {
  readonly index: number;
  /** In the order in which pods took it. */
  readonly parts: readonly Part[];
}

/** Devices that a node counts by name, such as MIG devices. */
export interface MapDevices {
  readonly resource: string;
  readonly count: number;
  /** What one is worth in thousandths of a GPU. */
  readonly milliEach: number;
  readonly parts: readonly Part[];
}

/** One node. */
export interface MapNode {
  readonly name: string;
  readonly pool: string;
  readonly model: string;
  /** Why nothing is placed there; undefined when it takes pods. */
  readonly closed?: string;
  readonly gpus: readonly MapGpu[];
  readonly devices: readonly MapDevices[];
}

/** Nodes × GPUs × slots, and whose they are. */
export interface PoolsMap {
  readonly nodes: readonly MapNode[];
  /** Tenants that hold something, sorted. */
  readonly tenants: readonly string[];
  /** Thousandths of a GPU: all there is, what is held, and what the plan would add. */
  readonly capacityMilli: number;
  readonly heldMilli: number;
  readonly plannedMilli: number;
}

/** The map of nodes, in their order, with what is held and what a plan would add. */
export function poolsMap(
  nodes: readonly NodeFacts[],
  held: readonly Holding[],
  planned: readonly Holding[] = [],
): PoolsMap {
  const snapshot = createSnapshot(nodes);
  for (const holding of [...held, ...planned]) hold(snapshot, holding);
  const added = new Set(planned.map(({ key }) => key));
  const gpus = new Map<string, Part[]>();
  const devices = new Map<string, Part[]>();
  let heldMilli = 0;
  let plannedMilli = 0;
  for (const [pod, taken] of snapshot.taken) {
    const part = { pod, tenant: taken.tenant ?? '', planned: added.has(pod) };
    for (const { index, milli } of merged(taken.gpus)) put(gpus, `${taken.node}/${index}`, { ...part, amount: milli });
    for (const { resource, count } of taken.named)
      put(devices, `${taken.node}/${resource}`, { ...part, amount: count });
    if (part.planned) plannedMilli += taken.gpuMilli;
    else heldMilli += taken.gpuMilli;
  }
  return {
    nodes: nodes.map((node, at) => ({
      name: node.name,
      pool: node.pool ?? '',
      model: node.model,
      ...(node.schedulable ? {} : { closed: node.unschedulableReason ?? 'closed' }),
      gpus: Array.from({ length: node.gpus.count }, (_, index) => ({ index, parts: gpus.get(`${at}/${index}`) ?? [] })),
      devices: node.resources
        .filter(({ count, milliEach }) => count > 0 && milliEach > 0)
        .map(({ name, count, milliEach }) => {
          const parts = devices.get(`${at}/${snapshot.resourceIds.get(name)}`) ?? [];
          return { resource: name, count, milliEach, parts };
        }),
    })),
    tenants: [...new Set([...snapshot.taken.values()].map(({ tenant }) => tenant ?? ''))].filter(Boolean).sort(),
    capacityMilli: snapshot.capacityMilli,
    heldMilli,
    plannedMilli,
  };
}

/** A pod with several slots of one GPU has one part of it. */
function merged(gpus: readonly { readonly index: number; readonly milli: number }[]): readonly {
  readonly index: number;
  readonly milli: number;
}[] {
  const sums = new Map<number, number>();
  for (const { index, milli } of gpus) sums.set(index, (sums.get(index) ?? 0) + milli);
  return [...sums].map(([index, milli]) => ({ index, milli }));
}

function put(parts: Map<string, Part[]>, key: string, part: Part): void {
  const known = parts.get(key);
  if (known === undefined) parts.set(key, [part]);
  else known.push(part);
}
