import type { ResourceClaim } from '../../kube/index.ts';
import type { AdvertisedResource, NodeGpus } from '../nvidia/node-gpus.ts';
import type { DeviceRequest } from '../pod-requests.ts';
import { heldDevices } from './allocations.ts';
import type { DraDevice, DraNode } from './devices.ts';

/** What claims hold, in thousandths of a GPU; a device that several of them share counts once. */
export function claimedMilli(claims: readonly ResourceClaim[], nodes: ReadonlyMap<string, DraNode>): number {
  const held = new Map(claims.flatMap(heldDevices).map((device) => [`${device.node}/${device.device}`, device]));
  return [...held.values()].reduce((sum, { node, device }) => {
    const found = nodes.get(node)?.devices.find(({ name }) => name === device);
    return sum + (found?.milli ?? 0);
  }, 0);
}

/** The GPUs of a DRA node as pools count them, and what claims hold of them. */
export interface DraCounts {
  readonly gpus: NodeGpus;
  readonly held: readonly DeviceRequest[];
  /** Why nothing is handed out there. */
  readonly problem?: string;
}

/** Counts a node: of each shape how many fit at most, how many are held, and how many fit now. */
export function countDraNode(node: DraNode, claims: readonly ResourceClaim[]): DraCounts {
  const byName = new Map(node.devices.map((device) => [device.name, device]));
  const names = claims.flatMap(heldDevices).flatMap(({ node: on, device }) => (on === node.node ? [device] : []));
  // A device that several claims share is in use once.
  const held = [...new Set(names)].flatMap((name) => byName.get(name) ?? []);
  const left = new Map(Object.entries(node.counters));
  for (const { takes } of held) for (const [counter, amount] of Object.entries(takes)) spend(left, counter, amount);
  const shapes = [...new Set(node.devices.map(({ shape }) => shape))].sort();
  const resources = shapes.map((shape): AdvertisedResource => {
    const devices = node.devices.filter((device) => device.shape === shape);
    return {
      name: shape,
      count: fitting(devices, new Map(Object.entries(node.counters))),
      milliEach: devices[0]?.milli ?? 0,
      free: fitting(
        devices.filter(({ taint }) => taint === undefined),
        left,
      ),
    };
  });
  const gpus: NodeGpus = {
    model: node.model,
    physical: node.gpus,
    withdrawn: node.problem === undefined ? illGpus(node.devices) : node.gpus,
    sharing: 'DRA',
    replicas: 1,
    whole: { count: 0, resource: '' },
    slices: [],
    resources,
    offeredMilli: 1000 * node.gpus,
  };
  return { gpus, held: requestsOf(held), problem: node.problem };
}

function spend(left: Map<string, number>, counter: string, amount: number): void {
  left.set(counter, (left.get(counter) ?? 0) - amount);
}

/** How many of these devices can be taken one after the other. */
function fitting(devices: readonly DraDevice[], free: ReadonlyMap<string, number>): number {
  const left = new Map(free);
  return devices.filter(({ takes }) => {
    const counters = Object.entries(takes);
    if (!counters.every(([counter, amount]) => (left.get(counter) ?? 0) >= amount)) return false;
    for (const [counter, amount] of counters) spend(left, counter, amount);
    return true;
  }).length;
}

/** GPUs of which no device may be handed out. */
function illGpus(devices: readonly DraDevice[]): number {
  const byGpu = Map.groupBy(devices, ({ gpu }) => gpu);
  return [...byGpu.values()].filter((own) => own.every(({ taint }) => taint !== undefined)).length;
}

function requestsOf(devices: readonly DraDevice[]): readonly DeviceRequest[] {
  const byShape = Map.groupBy(devices, ({ shape }) => shape);
  return [...byShape].map(([resource, own]) => ({ resource, count: own.length }));
}
