import { type MigModel, migEquivalentMilli, parseMigProfile, robustCuts } from '../mig/index.ts';
import { podRequests } from '../pod-requests.ts';
import type { ChangeFacts } from '../reconfigure/observe.ts';
import { currentGeometry, modelOf } from '../sharing/desired.ts';
import { type GpuCut, isWhole, resourceOf, sameCut } from '../sharing/geometry.ts';
import { stockLayouts } from '../sharing/layouts.ts';
import { type Devices, freeDevices } from './free.ts';
import type { Request } from './observe.ts';

/** A new cut of one node. */
export interface Proposal {
  readonly facts: ChangeFacts;
  readonly layout: readonly GpuCut[];
  readonly served: readonly Request[];
  /** Minutes that the served pods have waited. */
  readonly gain: number;
  /** Minutes of work that is lost with the pods that have to leave. */
  readonly cost: number;
  /** GPUs that change. */
  readonly changed: number;
}

const WHOLE = 'nvidia.com/gpu';

/**
 * The best cut of this node for the requests; undefined when none is worth its cost. Which GPU a pod is on is not known
 * in this world, so a GPU counts as idle only when nobody on the node holds what it offers.
 */
export function propose(
  facts: ChangeFacts,
  requests: readonly Request[],
  promised: Devices = new Map(),
  drainUncertain = false,
): Proposal | undefined {
  const model = modelOf(facts.cuts);
  const { layout } = currentGeometry(facts.cuts);
  if (model === undefined || layout === undefined) return undefined;
  const wanted = requests.filter(({ allows }) => allows(facts.world.node));
  if (wanted.length === 0) return undefined;
  const supply = new Map(freeDevices(facts));
  for (const [resource, count] of promised) supply.set(resource, (supply.get(resource) ?? 0) - count);
  const next = [...layout];
  const paid = new Set<string>();
  let cost = 0;
  for (const gpu of gpuOrder(layout, facts)) {
    const before = next[gpu] ?? {};
    const price = priceOf(before, layout, facts, promised, paid, drainUncertain);
    if (price === undefined) continue;
    const rest = { ...Object.fromEntries(supply) };
    for (const [resource, count] of devicesOf(before)) rest[resource] = (rest[resource] ?? 0) - count;
    const cut = bestCut(model, rest, wanted, unserved(wanted, supply));
    if (cut === undefined || sameCut(cut, before)) continue;
    const after = new Map(Object.entries(rest));
    for (const [resource, count] of devicesOf(cut)) after.set(resource, (after.get(resource) ?? 0) + count);
    if (progress(wanted, after) - progress(wanted, supply) <= price) continue;
    for (const [resource, count] of after) supply.set(resource, count);
    for (const [resource] of devicesOf(before)) paid.add(resource);
    cost += price;
    next[gpu] = cut;
  }
  const left = new Set(unserved(wanted, supply));
  const served = wanted.filter((request) => !left.has(request));
  const gain = served.reduce((sum, { waitedSeconds }) => sum + minutes(waitedSeconds), 0);
  const changed = next.filter((cut, gpu) => !sameCut(cut, layout[gpu] ?? {})).length;
  return changed === 0 || gain <= cost ? undefined : { facts, layout: next, served, gain, cost, changed };
}

/** Idle GPUs that are cut already, then idle ones that are whole, then those in use; from the last, so that the first stay whole longest. */
function gpuOrder(layout: readonly GpuCut[], facts: ChangeFacts): readonly number[] {
  const rank = (gpu: number): number => {
    const cut = layout[gpu] ?? {};
    const used = devicesOf(cut).some(([resource]) => holders(facts, resource).length > 0);
    return (used ? 2 : 0) + (isWhole(cut) ? 1 : 0);
  };
  return [...layout.keys()].sort((left, right) => rank(left) - rank(right) || right - left);
}

/** Minutes of work lost by changing a GPU of this cut; undefined when somebody on it must stay. */
function priceOf(
  cut: GpuCut,
  layout: readonly GpuCut[],
  facts: ChangeFacts,
  promised: Devices,
  paid: ReadonlySet<string>,
  drainUncertain: boolean,
): number | undefined {
  let price = 0;
  for (const [resource] of devicesOf(cut)) {
    if ((promised.get(resource) ?? 0) > 0) return undefined;
    const there = holders(facts, resource);
    if (there.length === 0 || paid.has(resource)) continue;
    const elsewhere = layout.some(
      (other) => !sameCut(other, cut) && devicesOf(other).some(([name]) => name === resource),
    );
    const alike = layout.filter((other) => sameCut(other, cut)).length > 1;
    if ((elsewhere || alike) && !drainUncertain) return undefined;
    if (there.some(({ keep }) => keep !== undefined)) return undefined;
    price += there.reduce((sum, holder) => sum + holder.minutes, 0);
  }
  return price;
}

function holders({ world }: ChangeFacts, resource: string): ChangeFacts['world']['holders'] {
  return world.holders.filter(({ pod }) => podRequests(pod).devices.some((device) => device.resource === resource));
}

function devicesOf(cut: GpuCut): readonly (readonly [string, number])[] {
  if (isWhole(cut)) return [[WHOLE, 1]];
  return Object.entries(cut).map(([profile, count]) => [resourceOf(profile), count]);
}

/** The cut that serves most; among equals the one whose other devices are largest. */
function bestCut(
  model: MigModel,
  supply: Readonly<Record<string, number>>,
  requests: readonly Request[],
  open: readonly Request[],
): GpuCut | undefined {
  const balanced = stockLayouts(model).get('all-balanced');
  const cuts = [{}, ...robustCuts(model), ...(balanced === undefined ? [] : [balanced])];
  let best: { readonly cut: GpuCut; readonly value: number; readonly spare: readonly number[] } | undefined;
  for (const cut of cuts) {
    const devices = new Map(Object.entries(supply));
    for (const [resource, count] of devicesOf(cut)) devices.set(resource, (devices.get(resource) ?? 0) + count);
    const value = progress(requests, devices);
    if (best !== undefined && value < best.value) continue;
    const spare = spareSizes(model, cut, open);
    if (best === undefined || value > best.value || larger(spare, best.spare)) best = { cut, value, spare };
  }
  return best?.cut;
}

/** Worth of the devices of a cut that nobody has asked for, the largest first. */
function spareSizes(model: MigModel, cut: GpuCut, requests: readonly Request[]): readonly number[] {
  const asked = new Map<string, number>();
  for (const { resource, count } of requests) asked.set(resource, (asked.get(resource) ?? 0) + count);
  if (isWhole(cut)) return (asked.get(WHOLE) ?? 0) > 0 ? [] : [1000];
  const sizes = Object.entries(cut).flatMap(([profile, count]) => {
    const parsed = parseMigProfile(profile);
    const worth = parsed === undefined ? 0 : (migEquivalentMilli(model, parsed) ?? 0);
    const spare = Math.max(0, count - (asked.get(resourceOf(profile)) ?? 0));
    return Array.from({ length: spare }, () => worth);
  });
  return sizes.sort((left, right) => right - left);
}

function larger(left: readonly number[], right: readonly number[]): boolean {
  for (const [index, size] of left.entries()) {
    const other = right[index] ?? 0;
    if (size !== other) return size > other;
  }
  return false;
}

/** Minutes waited by what the devices can serve; a request of several devices counts in part, so that GPU by GPU leads there. */
function progress(requests: readonly Request[], devices: Devices): number {
  const left = new Map(devices);
  let value = 0;
  for (const { resource, count, waitedSeconds } of requests) {
    const given = Math.max(0, Math.min(count, left.get(resource) ?? 0));
    left.set(resource, (left.get(resource) ?? 0) - given);
    value += (minutes(waitedSeconds) * given) / count;
  }
  return value;
}

/** Requests that the devices cannot serve whole. */
function unserved(requests: readonly Request[], devices: Devices): readonly Request[] {
  const left = new Map(devices);
  return requests.filter(({ resource, count }) => {
    const free = left.get(resource) ?? 0;
    if (free < count) return true;
    left.set(resource, free - count);
    return false;
  });
}

function minutes(waitedSeconds: number): number {
  return Math.max(1, Math.floor(waitedSeconds / 60));
}
