import { type Compiled, compile, costMilli, type Part } from './demand.ts';
import { giveBackDevice, type RoomDevice } from './device-room.ts';
import { refreshRoom, roomOf, takeFromRoom } from './room-take.ts';
import { partKey, type Snapshot, type Taken } from './snapshot.ts';
import { type Holding, MILLI_PER_GPU } from './types.ts';

/** Index of the GPU a share goes to, or -1: the fullest that fits, the first among equals. */
export function tightestGpu(snapshot: Snapshot, node: number, milli: number): number {
  const from = node * snapshot.gpuStride;
  let best = -1;
  let bestFree = Number.POSITIVE_INFINITY;
  for (let gpu = 0; gpu < snapshot.gpuStride; gpu++) {
    const free = snapshot.gpuFree[from + gpu] as number;
    if (free < milli || free >= bestFree) continue;
    best = gpu;
    bestFree = free;
  }
  return best;
}

type Devices = Extract<Part, { readonly kind: 'devices' }>;

/** What is already known of where things go; taken from the front. */
interface Wanted {
  readonly gpus: number[];
  readonly devices: string[];
}

interface Draft {
  readonly gpus: { index: number; milli: number }[];
  readonly named: { resource: number; count: number }[];
  readonly devices: RoomDevice[];
  gpuMilli: number;
}

function takeGpu(snapshot: Snapshot, node: number, milli: number, wanted: number | undefined, draft: Draft): boolean {
  const index = wanted ?? tightestGpu(snapshot, node, milli);
  const at = node * snapshot.gpuStride + index;
  if (index < 0 || index >= snapshot.gpuStride || (snapshot.gpuFree[at] as number) < milli) return false;
  snapshot.gpuFree[at] = (snapshot.gpuFree[at] as number) - milli;
  draft.gpus.push({ index, milli });
  draft.gpuMilli += milli;
  return true;
}

function takeDevicesOfRoom(
  snapshot: Snapshot,
  node: number,
  { resource, count }: Devices,
  names: string[],
  draft: Draft,
): boolean | undefined {
  const found = roomOf(snapshot, node, resource);
  if (found === undefined) return undefined;
  const taken = takeFromRoom(found.room, found.name, count, names);
  draft.devices.push(...taken);
  draft.gpuMilli += taken.reduce((sum, { shareMilli }) => sum + shareMilli, 0);
  refreshRoom(snapshot, node);
  return taken.length === count;
}

function takeNamed(snapshot: Snapshot, node: number, { resource, count }: Devices, draft: Draft): boolean {
  const at = node * snapshot.namedStride + resource;
  if (resource < 0 || (snapshot.namedFree[at] as number) < count) return false;
  snapshot.namedFree[at] = (snapshot.namedFree[at] as number) - count;
  draft.named.push({ resource, count });
  draft.gpuMilli += count * (snapshot.namedMilli[at] as number);
  return true;
}

function takePart(snapshot: Snapshot, node: number, part: Part, wanted: Wanted, draft: Draft): boolean {
  const slot = snapshot.slotMilli[node] as number;
  if (part.kind === 'share') {
    // A time-sliced GPU is handed out in slots only; thousandths exist on exclusive GPUs alone.
    return slot === MILLI_PER_GPU && takeGpu(snapshot, node, part.milli, wanted.gpus.shift(), draft);
  }
  if (snapshot.gpuResource[node] !== part.resource) {
    return takeDevicesOfRoom(snapshot, node, part, wanted.devices, draft) ?? takeNamed(snapshot, node, part, draft);
  }
  for (let device = 0; device < part.count; device++) {
    if (!takeGpu(snapshot, node, slot, wanted.gpus.shift(), draft)) return false;
  }
  return true;
}

/**
 * Takes the GPUs and devices of a demand on a node, tightest fit where `gpuIndexes` does not say which. Undefined, with
 * nothing changed, when they do not fit. CPU, memory and the node's version are the caller's (`take`).
 */
export function takeDevices(
  snapshot: Snapshot,
  node: number,
  parts: readonly Part[],
  gpuIndexes: readonly number[] = [],
  devices: readonly string[] = [],
): Draft | undefined {
  const draft: Draft = { gpus: [], named: [], devices: [], gpuMilli: 0 };
  const wanted = { gpus: [...gpuIndexes], devices: [...devices] };
  for (const part of parts) {
    if (takePart(snapshot, node, part, wanted, draft)) continue;
    giveBackDevices(snapshot, node, draft);
    return undefined;
  }
  snapshot.idleMilli[node] = (snapshot.idleMilli[node] as number) - draft.gpuMilli;
  return draft;
}

/** Gives back what `takeDevices` took. */
export function untakeDevices(
  snapshot: Snapshot,
  node: number,
  draft: Pick<Taken, 'gpus' | 'named' | 'devices' | 'gpuMilli'>,
): void {
  giveBackDevices(snapshot, node, draft);
  snapshot.idleMilli[node] = (snapshot.idleMilli[node] as number) + draft.gpuMilli;
}

function giveBackDevices(snapshot: Snapshot, node: number, draft: Pick<Taken, 'gpus' | 'named' | 'devices'>): void {
  for (const { index, milli } of draft.gpus) {
    const at = node * snapshot.gpuStride + index;
    snapshot.gpuFree[at] = (snapshot.gpuFree[at] as number) + milli;
  }
  for (const { resource, count } of draft.named) {
    const at = node * snapshot.namedStride + resource;
    snapshot.namedFree[at] = (snapshot.namedFree[at] as number) + count;
  }
  const room = snapshot.rooms[node];
  if (room === undefined || draft.devices.length === 0) return;
  for (const device of draft.devices) giveBackDevice(room, device);
  refreshRoom(snapshot, node);
}

/** True when the GPUs and devices fit the node as it is (CPU, memory and pod count are not looked at). */
export function devicesFit(snapshot: Snapshot, node: number, parts: readonly Part[]): boolean {
  const only = parts[0];
  if (only === undefined) return true;
  if (parts.length === 1) return partFits(snapshot, node, only);
  const draft = takeDevices(snapshot, node, parts);
  if (draft === undefined) return false;
  untakeDevices(snapshot, node, draft);
  return true;
}

function partFits(snapshot: Snapshot, node: number, part: Part): boolean {
  const slot = snapshot.slotMilli[node] as number;
  if (part.kind === 'share') return slot === MILLI_PER_GPU && tightestGpu(snapshot, node, part.milli) >= 0;
  if (snapshot.gpuResource[node] !== part.resource) {
    return (
      part.resource >= 0 && (snapshot.namedFree[node * snapshot.namedStride + part.resource] as number) >= part.count
    );
  }
  const from = node * snapshot.gpuStride;
  let slots = 0;
  for (let gpu = 0; gpu < snapshot.gpuStride && slots < part.count; gpu++) {
    const free = snapshot.gpuFree[from + gpu] as number;
    if (free >= slot) slots += slot === MILLI_PER_GPU ? 1 : Math.floor(free / slot);
  }
  return slots >= part.count;
}

/**
 * Places a demand on a node under a key, or returns undefined with nothing changed when it does not fit. A key that is
 * already held is refused: a pod holds room once.
 */
export function take(
  snapshot: Snapshot,
  key: string,
  node: number,
  demand: Compiled,
  tenant?: string,
  gpuIndexes?: readonly number[],
): Taken | undefined {
  if (snapshot.taken.has(key)) return undefined;
  const roomy =
    (snapshot.cpuFree[node] as number) >= demand.cpuMilli &&
    (snapshot.memoryFree[node] as number) >= demand.memoryMiB &&
    (snapshot.podsFree[node] as number) >= 1;
  const devices = roomy ? takeDevices(snapshot, node, demand.parts, gpuIndexes) : undefined;
  if (devices === undefined) return undefined;
  const charged = Math.max(devices.gpuMilli, costMilli(snapshot, node, demand));
  return book(snapshot, key, node, demand, devices, tenant, charged);
}

function book(
  snapshot: Snapshot,
  key: string,
  node: number,
  demand: Pick<Compiled, 'cpuMilli' | 'memoryMiB'> & Pick<Holding, 'pods'>,
  devices: Draft,
  tenant: string | undefined,
  chargedMilli: number,
): Taken {
  snapshot.cpuFree[node] = (snapshot.cpuFree[node] as number) - demand.cpuMilli;
  snapshot.memoryFree[node] = (snapshot.memoryFree[node] as number) - demand.memoryMiB;
  const { cpuMilli, memoryMiB, pods = 1 } = demand;
  snapshot.podsFree[node] = (snapshot.podsFree[node] as number) - pods;
  snapshot.version[node] = (snapshot.version[node] as number) + 1;
  const taken: Taken = { node, cpuMilli, memoryMiB, pods, ...devices, chargedMilli, tenant };
  snapshot.taken.set(key, taken);
  charge(snapshot, taken, taken.chargedMilli);
  return taken;
}

function charge(snapshot: Snapshot, taken: Taken, milli: number): void {
  if (taken.tenant === undefined || milli === 0) return;
  const { pool = '', model = '' } = snapshot.nodes[taken.node] ?? {};
  addTo(snapshot.usedMilli, taken.tenant, pool, milli);
  addTo(snapshot.usedByModel, taken.tenant, partKey(pool, model), milli);
}

function addTo(sums: Map<string, Map<string, number>>, tenant: string, key: string, milli: number): void {
  const own = sums.get(tenant) ?? new Map<string, number>();
  sums.set(tenant, own);
  own.set(key, (own.get(key) ?? 0) + milli);
}

/** Gives back all that a key holds; false when it holds nothing. */
export function release(snapshot: Snapshot, key: string): boolean {
  const taken = snapshot.taken.get(key);
  if (taken === undefined) return false;
  snapshot.taken.delete(key);
  charge(snapshot, taken, -taken.chargedMilli);
  const { node } = taken;
  snapshot.cpuFree[node] = (snapshot.cpuFree[node] as number) + taken.cpuMilli;
  snapshot.memoryFree[node] = (snapshot.memoryFree[node] as number) + taken.memoryMiB;
  snapshot.podsFree[node] = (snapshot.podsFree[node] as number) + taken.pods;
  snapshot.version[node] = (snapshot.version[node] as number) + 1;
  untakeDevices(snapshot, node, taken);
  return true;
}

/**
 * Records what a pod holds whether or not the node still has that room: a running pod is a fact, so CPU and memory may
 * go below zero and devices that no longer exist are left out, but for quotas, which a restart of a device plugin must
 * not open. False when the node is unknown or the key already holds.
 */
export function hold(snapshot: Snapshot, holding: Holding): boolean {
  const node = snapshot.indexOf.get(holding.node);
  if (node === undefined || snapshot.taken.has(holding.key)) return false;
  const demand = compile(snapshot, holding);
  const devices =
    takeDevices(snapshot, node, demand.parts, holding.gpuIndexes, holding.devices) ??
    takeDevices(snapshot, node, demand.parts) ??
    takeWhatIsLeft(snapshot, node, demand.parts, holding.devices);
  const charged = Math.max(devices.gpuMilli, costMilli(snapshot, node, demand));
  book(snapshot, holding.key, node, { ...demand, pods: holding.pods }, devices, holding.tenant, charged);
  return true;
}

function takeWhatIsLeft(
  snapshot: Snapshot,
  node: number,
  parts: readonly Part[],
  devices: readonly string[] = [],
): Draft {
  const draft: Draft = { gpus: [], named: [], devices: [], gpuMilli: 0 };
  const wanted = { gpus: [], devices: [...devices] };
  for (const part of parts) {
    const single: Part[] =
      part.kind === 'share' ? [part] : Array.from({ length: part.count }, () => ({ ...part, count: 1 }));
    for (const one of single) takePart(snapshot, node, one, wanted, draft);
  }
  snapshot.idleMilli[node] = (snapshot.idleMilli[node] as number) - draft.gpuMilli;
  return draft;
}
