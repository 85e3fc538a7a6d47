import { type Eligible, eligibleNodes } from './eligible.ts';
import type { Planner } from './place.ts';
import type { Snapshot } from './snapshot.ts';
import { type Gang, type GpuDemand, type Member, MILLI_PER_GPU, WHOLE_GPU } from './types.ts';

/** Something that runs out: how much a gang needs of it and how much is free in all. */
export interface Shortage {
  readonly what: string;
  readonly unit: 'gpu-milli' | 'devices' | 'cpu-milli' | 'memory-mib' | 'pods';
  readonly need: number;
  readonly have: number;
}

/** Nodes on which at least one member may run. */
export function nodesForGang(planner: Planner, gang: Gang): Eligible {
  const union = new Uint8Array(planner.snapshot.nodes.length);
  for (const member of gang.members) {
    const bits = eligibleNodes(planner.eligibility, member);
    for (let node = 0; node < union.length; node++) union[node] = (union[node] as number) | (bits[node] as number);
  }
  return union;
}

/**
 * What runs out even if all free room of the allowed nodes were one piece: the first of GPUs by resource, CPU, memory
 * and pods. Undefined when the sum of what is free would do, so that only its shape is wrong.
 */
export function shortageOf(planner: Planner, gang: Gang): Shortage | undefined {
  const { snapshot } = planner;
  const nodes = nodesForGang(planner, gang);
  const free = (amounts: Float64Array): number =>
    amounts.reduce((sum, amount, node) => (nodes[node] === 1 ? sum + Math.max(0, amount) : sum), 0);
  const sumOf = (amount: (member: Member) => number): number =>
    gang.members.reduce((sum, each) => sum + amount(each), 0);
  const candidates: Shortage[] = [
    ...gpuNeeds(gang).map(({ resource, milli, devices }): Shortage => {
      if (resource === WHOLE_GPU) {
        return { what: resource, unit: 'gpu-milli', need: milli, have: freeMilli(snapshot, nodes, resource) };
      }
      return { what: resource, unit: 'devices', need: devices, have: freeDevices(snapshot, nodes, resource) };
    }),
    { what: 'CPU', unit: 'cpu-milli', need: sumOf((each) => each.cpuMilli), have: free(snapshot.cpuFree) },
    { what: 'memory', unit: 'memory-mib', need: sumOf((each) => each.memoryMiB), have: free(snapshot.memoryFree) },
    { what: 'pods', unit: 'pods', need: gang.members.length, have: free(snapshot.podsFree) },
  ];
  return candidates.find(({ need, have }) => need > have);
}

/** What a gang asks for by resource; shares count as parts of whole GPUs. */
export function gpuNeeds(gang: Gang): readonly { resource: string; milli: number; devices: number }[] {
  const needs = new Map<string, { resource: string; milli: number; devices: number }>();
  for (const gpu of gang.members.flatMap((member): readonly GpuDemand[] => member.gpus)) {
    const resource = gpu.kind === 'share' ? WHOLE_GPU : gpu.resource;
    const need = needs.get(resource) ?? { resource, milli: 0, devices: 0 };
    need.milli += gpu.kind === 'share' ? gpu.milli : gpu.count * MILLI_PER_GPU;
    need.devices += gpu.kind === 'share' ? 1 : gpu.count;
    needs.set(resource, need);
  }
  return [...needs.values()];
}

function freeMilli(snapshot: Snapshot, nodes: Eligible, resource: string): number {
  const id = snapshot.resourceIds.get(resource);
  let sum = 0;
  for (let node = 0; node < nodes.length; node++) {
    if (nodes[node] === 0 || snapshot.gpuResource[node] !== id) continue;
    for (let gpu = 0; gpu < snapshot.gpuStride; gpu++) {
      sum += Math.max(0, snapshot.gpuFree[node * snapshot.gpuStride + gpu] as number);
    }
  }
  return sum;
}

function freeDevices(snapshot: Snapshot, nodes: Eligible, resource: string): number {
  const id = snapshot.resourceIds.get(resource);
  if (id === undefined) return 0;
  let sum = 0;
  for (let node = 0; node < nodes.length; node++) {
    if (nodes[node] === 0) continue;
    if (snapshot.gpuResource[node] !== id) {
      sum += Math.max(0, snapshot.namedFree[node * snapshot.namedStride + id] as number);
      continue;
    }
    for (let gpu = 0; gpu < snapshot.gpuStride; gpu++) {
      const free = snapshot.gpuFree[node * snapshot.gpuStride + gpu] as number;
      sum += Math.floor(Math.max(0, free) / (snapshot.slotMilli[node] as number));
    }
  }
  return sum;
}
