import type { GPUPool } from '../../api/index.ts';
import type { DraDevice, DraNode } from '../../pools/index.ts';
import { countDevices, createDeviceRoom, type DeviceRoomFacts, type NamedResource } from '../planner/index.ts';

/** What a node with a DRA driver offers the planner. */
export interface DraOffer {
  readonly model: string;
  readonly room: DeviceRoomFacts;
  /** The resources of the room, with how many of each fit at most. */
  readonly resources: readonly NamedResource[];
  /** Why nothing is placed there; undefined where pods may come. */
  readonly problem?: string;
}

/**
 * How long a rule must stand before devices are given away under it, in milliseconds: kube-scheduler learns of it by a
 * watch, and what it had begun to allocate before is written by then.
 */
const RULE_SETTLES_MILLIS = 3_000;

const known = new WeakMap<DraNode, Map<string, DraOffer>>();

/** Extended resources by name, and the shape that each stands for. */
export type Aliases = Readonly<Record<string, string>>;

/** Whether the planner itself allocates claims on the nodes of a pool. */
export function allocatesIn({ spec }: GPUPool): boolean {
  return spec.sharing?.type === 'DRA' && spec.sharing.dra?.allocator === 'GPUOptimizer';
}

/**
 * What a node offers in its pool, remembered by what it publishes. Extended resources are allocated by kube-scheduler as it
 * binds, so they can be had only where it may.
 */
export function draOffer(node: DraNode, pool: GPUPool, now: Date, extended: Aliases): DraOffer {
  const aliases = allocatesIn(pool) ? {} : extended;
  const key = JSON.stringify(aliases);
  const offers = known.get(node) ?? new Map<string, DraOffer>();
  const offer = offers.get(key) ?? read(node, aliases);
  known.set(node, offers.set(key, offer));
  if (offer.problem !== undefined || !allocatesIn(pool) || isKept(node, now)) return offer;
  return { ...offer, problem: 'kube-scheduler is not kept off its devices yet' };
}

/** Milliseconds until a rule that stands is in force; undefined where it is, or where there is none. */
export function settlesIn(node: DraNode | undefined, now: Date): number | undefined {
  if (node?.keptSince === undefined) return undefined;
  const left = Date.parse(node.keptSince) + RULE_SETTLES_MILLIS - now.getTime();
  return left > 0 ? left : undefined;
}

function isKept(node: DraNode, now: Date): boolean {
  return node.keptSince !== undefined && settlesIn(node, now) === undefined;
}

function read(node: DraNode, extended: Aliases): DraOffer {
  const { counters, devices, gpus, model, problem } = node;
  const indexes = new Map(Object.keys(counters).map((counter, at) => [counter, at]));
  const shapes = new Set(devices.map(({ shape }) => shape));
  const aliases = Object.fromEntries(Object.entries(extended).filter(([, shape]) => shapes.has(shape)));
  const room: DeviceRoomFacts = {
    gpus,
    aliases,
    // A counter that is taken and not published, as where its slice is missing, is never free.
    counters: [...Object.values(counters), 0],
    devices: devices.map(({ gpu, milli, name, shape, shareMilli, taint, takes }) => ({
      name,
      resource: shape,
      group: gpu,
      takes: Object.entries(takes).map(([counter, amount]) => [indexes.get(counter) ?? indexes.size, amount]),
      usable: taint === undefined,
      milli,
      shareMilli,
    })),
  };
  const empty = createDeviceRoom({ ...room, devices: room.devices.map((device) => ({ ...device, usable: true })) });
  const milliOf = new Map(devices.map(({ shape, milli }: DraDevice) => [shape, milli]));
  const names = [...empty.resources.map((name) => [name, name] as const), ...Object.entries(aliases)];
  const resources = names.map(([name, shape]) => ({
    name,
    count: countDevices(empty, shape),
    milliEach: milliOf.get(shape) ?? 0,
  }));
  return { model, room, resources, problem: problem === undefined ? undefined : `DRA: ${problem}` };
}
