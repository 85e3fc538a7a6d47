import { createHash } from 'node:crypto';
import { type Engines, MEMORY_SLICES, PRODUCT_NAME, PROFILES, type Profile, WHOLE } from './gpu-model.ts';
import type { CounterSet, Device } from './wire.ts';

/** A GPU of a node; `partition` are MIG devices that exist already, by profile and start. */
export interface Gpu {
  readonly node: string;
  readonly minor: number;
  readonly partition: readonly { readonly profile: string; readonly start: number }[];
}

type Attributes = NonNullable<Device['attributes']>;
type Counters = CounterSet['counters'];

const MIB = 1024 * 1024;

/** The driver's name of a GPU. */
export function gpuName({ minor }: Gpu): string {
  return `gpu-${minor}`;
}

/** The driver's name of a MIG device: the profile without what a name cannot hold, its id and its first memory slice. */
export function migName(gpu: Gpu, { name, id }: Profile, start: number): string {
  const label = name.replaceAll('.', '').replaceAll(/[^a-z0-9-]/g, '-');
  return `${gpuName(gpu)}-mig-${label}-${id}-${start}`;
}

/** A whole GPU; with counters it takes all of them, so that it and its parts exclude each other. */
export function wholeDevice(gpu: Gpu, counters: 'counters' | 'plain'): Device {
  const attributes = { type: { string: 'gpu' }, uuid: { string: uuidOf(gpu) }, ...commonAttributes(gpu) };
  const memory = { memory: { value: `${WHOLE.memoryMiB * MIB}` } };
  if (counters === 'plain') return { name: gpuName(gpu), attributes, capacity: memory };
  return {
    name: gpuName(gpu),
    attributes,
    capacity: capacities(WHOLE),
    consumesCounters: [{ counterSet: setName(gpu), counters: countersOf(WHOLE, 0, MEMORY_SLICES) }],
  };
}

/** A MIG device that could be made. */
export function dynamicDevice(gpu: Gpu, profile: Profile, start: number): Device {
  return {
    name: migName(gpu, profile, start),
    attributes: migAttributes(gpu, profile),
    capacity: capacities(profile.engines),
    consumesCounters: [{ counterSet: setName(gpu), counters: countersOf(profile.engines, start, profile.slices) }],
  };
}

/** A MIG device that exists: it has a UUID and says which memory slices it sits on. */
export function staticDevice(gpu: Gpu, profile: Profile, start: number): Device {
  const slices = Array.from(
    { length: profile.slices },
    (_, at) => [`memorySlice${start + at}`, { value: '1' }] as const,
  );
  const uuid = { string: `MIG-${uuidOf(gpu, `${profile.name}/${start}`).slice('GPU-'.length)}` };
  return {
    name: migName(gpu, profile, start),
    attributes: { ...migAttributes(gpu, profile), uuid },
    capacity: { ...capacities(profile.engines), ...Object.fromEntries(slices) },
  };
}

/** What a GPU and its parts share: one counter for each capacity, and one for each memory slice. */
export function counterSet(gpu: Gpu): CounterSet {
  return { name: setName(gpu), counters: countersOf(WHOLE, 0, MEMORY_SLICES) };
}

/** A profile by its name. Throws for one that the GPU does not have. */
export function profileNamed(name: string): Profile {
  const found = PROFILES.find((profile) => profile.name === name);
  if (found === undefined)
    throw new Error(`profile "${name}" is none of ${PROFILES.map((each) => each.name).join(', ')}`);
  return found;
}

function setName(gpu: Gpu): string {
  return `${gpuName(gpu)}-counter-set`;
}

function capacities(engines: Engines): NonNullable<Device['capacity']> {
  const { memoryMiB, ...counts } = engines;
  const values = Object.entries(counts).map(([name, count]) => [name, { value: `${count}` }] as const);
  return { ...Object.fromEntries(values), memory: { value: `${memoryMiB * MIB}` } };
}

function countersOf(engines: Engines, start: number, slices: number): Counters {
  const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const counts = Object.entries(capacities(engines)).map(([name, { value }]) => [kebab(name), { value }] as const);
  const memory = Array.from({ length: slices }, (_, at) => [`memory-slice-${start + at}`, { value: '1' }] as const);
  return Object.fromEntries([...counts, ...memory]);
}

function migAttributes(gpu: Gpu, profile: Profile): Attributes {
  return {
    type: { string: 'mig' },
    parentUUID: { string: uuidOf(gpu) },
    profile: { string: profile.name },
    ...commonAttributes(gpu),
  };
}

function commonAttributes({ minor }: Gpu): Attributes {
  return {
    productName: { string: PRODUCT_NAME },
    brand: { string: 'Nvidia' },
    architecture: { string: 'Hopper' },
    cudaComputeCapability: { version: '9.0.0' },
    driverVersion: { version: '580.65.6' },
    cudaDriverVersion: { version: '13.0.0' },
    'resource.kubernetes.io/pciBusID': { string: `0000:${(0x10 + minor).toString(16)}:00.0` },
    'resource.kubernetes.io/pcieRoot': { string: `pci0000:${(0x10 + minor).toString(16)}` },
  };
}

function uuidOf({ node, minor }: Gpu, part = ''): string {
  const hex = createHash('sha256').update(`${node}/${minor}/${part}`).digest('hex');
  return `GPU-${[hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')}`;
}
