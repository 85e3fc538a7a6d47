import { podRequests } from '../pod-requests.ts';
import type { ChangeFacts } from '../reconfigure/observe.ts';
import { currentOffer, type Offer, offerOf } from '../sharing/geometry.ts';
import type { Request } from './observe.ts';

/** Devices by resource. */
export type Devices = ReadonlyMap<string, number>;

/** What waiting pods will take of the nodes as they are, or as changes under way leave them. */
export interface FreePlacement {
  readonly unmet: readonly Request[];
  /** Devices that were given to requests, by node and resource. */
  readonly promised: ReadonlyMap<string, Devices>;
}

/** Gives free devices to requests in their order; the planner may choose otherwise, but not more of them. */
export function placeOnFree(requests: readonly Request[], nodes: readonly ChangeFacts[]): FreePlacement {
  const free = nodes.filter(isOpen).map((facts) => ({ facts, devices: new Map(freeDevices(facts)) }));
  const promised = new Map<string, Map<string, number>>();
  const unmet = requests.filter(({ resource, count, allows }) => {
    const place = free.find(({ facts, devices }) => (devices.get(resource) ?? 0) >= count && allows(facts.world.node));
    if (place === undefined) return true;
    add(place.devices, resource, -count);
    const given = promised.get(place.facts.name) ?? new Map<string, number>();
    add(given, resource, count);
    promised.set(place.facts.name, given);
    return false;
  });
  return { unmet, promised };
}

function add(devices: Map<string, number>, resource: string, count: number): void {
  devices.set(resource, (devices.get(resource) ?? 0) + count);
}

/** Nodes that take pods now, and those that will once their change is done. */
function isOpen({ world, operation }: ChangeFacts): boolean {
  if (operation === 'Unreadable') return false;
  if (operation !== undefined) return operation.direction === 'Forward' && operation.step !== 'Degraded';
  return world.ready && !world.unschedulable && world.owner === undefined;
}

/** What the node hands out beyond what is held. */
export function freeDevices({ cuts, operation, world }: ChangeFacts): Devices {
  const changing = operation !== undefined && operation !== 'Unreadable';
  const free = devicesOf(changing ? offerOf(operation.target) : currentOffer(cuts.gpus));
  for (const { pod } of world.holders) {
    for (const { resource, count } of podRequests(pod).devices) {
      if (free.has(resource)) add(free, resource, -count);
    }
  }
  return free;
}

function devicesOf({ whole, replicas, slices }: Offer): Map<string, number> {
  return new Map([['nvidia.com/gpu', whole * replicas], ...Object.entries(slices)]);
}
