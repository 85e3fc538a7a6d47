import type { GPUPoolStatus, PoolModel, PoolResource } from '../../api/index.ts';
import { deviceMilli } from '../nvidia/node-gpus.ts';
import type { PoolNodeFacts } from './observe.ts';

/** Most entries of the lists in status, as the CRD bounds them. */
const MODELS = 64;
const RESOURCES = 128;

/** The numbers of a pool. */
export type PoolCounts = Required<Pick<GPUPoolStatus, 'capacity' | 'allocated' | 'unhealthy' | 'models' | 'resources'>>;

/** Adds up what the nodes have, what pods hold and what is left on nodes that are well. */
export function countPool(nodes: readonly PoolNodeFacts[]): PoolCounts {
  const models = new Map<string, PoolModel>();
  const resources = new Map<string, PoolResource>();
  for (const node of nodes) {
    addModel(models, node);
    addResources(resources, node);
  }
  const milli = nodes.reduce((sum, node) => sum + heldMilli(node), 0);
  return {
    capacity: { nodes: nodes.length, gpus: nodes.reduce((sum, { gpus }) => sum + gpus.physical, 0) },
    allocated: { gpus: Math.ceil(milli / 1000), milli },
    unhealthy: {
      nodes: nodes.filter(({ ailment }) => ailment !== undefined).length,
      gpus: nodes.reduce((sum, node) => sum + unhealthyGpus(node), 0),
    },
    models: [...models.values()].sort((left, right) => (left.model < right.model ? -1 : 1)).slice(0, MODELS),
    resources: [...resources.values()].sort((left, right) => (left.name < right.name ? -1 : 1)).slice(0, RESOURCES),
  };
}

function heldMilli({ gpus, held }: PoolNodeFacts): number {
  return held.reduce((sum, { resource, count }) => sum + count * deviceMilli(gpus, resource), 0);
}

function unhealthyGpus({ gpus, ailment }: PoolNodeFacts): number {
  return ailment === undefined ? gpus.withdrawn : gpus.physical;
}

function addModel(models: Map<string, PoolModel>, node: PoolNodeFacts): void {
  const { model, physical, resources } = node.gpus;
  if (model === '') return;
  const sum = models.get(model);
  const offered =
    node.gpus.offeredMilli ?? resources.reduce((total, { count, milliEach }) => total + count * milliEach, 0);
  const held = heldMilli(node);
  const free = node.ailment === undefined ? Math.max(0, offered - held) : 0;
  models.set(model, {
    model,
    nodes: (sum?.nodes ?? 0) + 1,
    gpus: (sum?.gpus ?? 0) + physical,
    allocatedMilli: (sum?.allocatedMilli ?? 0) + held,
    freeMilli: (sum?.freeMilli ?? 0) + free,
    unhealthyGpus: (sum?.unhealthyGpus ?? 0) + unhealthyGpus(node),
  });
}

function addResources(resources: Map<string, PoolResource>, { gpus, held, ailment }: PoolNodeFacts): void {
  for (const { name, count, free } of gpus.resources) {
    const sum = resources.get(name);
    const allocated = held.find((request) => request.resource === name)?.count ?? 0;
    if (count + allocated === 0) continue;
    resources.set(name, {
      name,
      capacity: (sum?.capacity ?? 0) + count,
      allocated: (sum?.allocated ?? 0) + allocated,
      free: (sum?.free ?? 0) + (ailment === undefined ? (free ?? Math.max(0, count - allocated)) : 0),
    });
  }
}
