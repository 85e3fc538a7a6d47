import { bytes, type DeviceTaintRule, type ResourceSlice } from '../../kube/index.ts';
import { findMigModel, migEquivalentMilli, parseMigProfile, profileShape } from '../mig/index.ts';
import { ALLOCATOR_TAINT, DRA_DRIVER, parseDeviceName, profileOf, shapeOf } from './names.ts';

/** A device of a node, as NVIDIA's DRA driver publishes it. */
export interface DraDevice {
  readonly name: string;
  /** What a claim asks for to get it, see `shapeOf`. */
  readonly shape: string;
  /** Minor number of its GPU. */
  readonly gpu: number;
  /** Counters by name and how much it takes of each; every device also takes the one of itself. */
  readonly takes: Readonly<Record<string, number>>;
  /** A taint that keeps new claims away, ours left out. */
  readonly taint?: string;
  /** Thousandths of a GPU: what it counts as, and what it physically takes of one. */
  readonly milli: number;
  readonly shareMilli: number;
  /** Bytes of its memory; 0 where it may be shared out to several claims, none of which may count on all of it. */
  readonly memory: number;
}

/** The GPUs of a node in the DRA world. */
export interface DraNode {
  readonly node: string;
  /** The model as the label nvidia.com/gpu.product would say it. */
  readonly model: string;
  /** Physical GPUs, by what is published. */
  readonly gpus: number;
  /** Sorted by name. */
  readonly devices: readonly DraDevice[];
  readonly counters: Readonly<Record<string, number>>;
  /** Why none of them may be handed out, in a few words. */
  readonly problem?: string;
  /** When kube-scheduler's allocator was told to keep off, RFC 3339; undefined where it was not. */
  readonly keptSince?: string;
}

type Slice = ResourceSlice;
type Device = NonNullable<Slice['spec']['devices']>[number];

const MIB = 1024 * 1024;

/** The GPUs of every node that publishes any. What a driver published of an older generation is left out. */
export function readDraNodes(
  slices: readonly Slice[],
  rules: readonly DeviceTaintRule[] = [],
): ReadonlyMap<string, DraNode> {
  const byNode = Map.groupBy(
    slices.filter(({ spec }) => spec.driver === DRA_DRIVER && spec.nodeName !== undefined),
    ({ spec }) => spec.nodeName ?? '',
  );
  return new Map([...byNode].map(([node, published]) => [node, readNode(node, published, rules)]));
}

interface Read {
  readonly published: readonly Slice[];
  readonly rules: readonly DeviceTaintRule[];
  readonly made: DraNode;
}

/** Nodes by their first slice: cached objects never change, and a fleet publishes a hundred thousand devices. */
const known = new WeakMap<Slice, Read>();

function readNode(node: string, published: readonly Slice[], rules: readonly DeviceTaintRule[]): DraNode {
  const [first] = published;
  const before = first === undefined ? undefined : known.get(first);
  if (before !== undefined && same(before.published, published) && same(before.rules, rules)) return before.made;
  const made = makeNode(node, published, rules);
  if (first !== undefined) known.set(first, { published, rules, made });
  return made;
}

function same<T>(left: readonly T[], right: readonly T[]): boolean {
  return left.length === right.length && left.every((each, at) => each === right[at]);
}

function makeNode(node: string, published: readonly Slice[], rules: readonly DeviceTaintRule[]): DraNode {
  const generation = Math.max(...published.map(({ spec }) => spec.pool.generation));
  const slices = published.filter(({ spec }) => spec.pool.generation === generation);
  const pool = slices[0]?.spec.pool.name ?? node;
  const raw = slices.flatMap(({ spec }) => spec.devices ?? []).sort((left, right) => (left.name < right.name ? -1 : 1));
  const model = modelOf(raw);
  const own = rules.filter(({ spec }) => matchesPool(spec.deviceSelector, pool));
  const devices = raw.map((device) => readDevice(device, model, own));
  const kept = own.find(({ spec }) => spec.taint.key === ALLOCATOR_TAINT && spec.deviceSelector?.device === undefined);
  return {
    node,
    model: model.name,
    gpus: new Set(devices.map(({ gpu }) => gpu)).size,
    devices,
    counters: countersOf(slices, devices),
    problem: problemOf(slices, raw),
    keptSince: kept?.metadata.creationTimestamp,
  };
}

/** What makes kube-scheduler leave a pool alone, too [K8 dynamic-resource-allocation structured]. */
function problemOf(slices: readonly Slice[], devices: readonly Device[]): string | undefined {
  const wanted = slices[0]?.spec.pool.resourceSliceCount ?? 0;
  if (slices.length < wanted) return `${slices.length} of ${wanted} ResourceSlices published`;
  const twice = devices.find(({ name }, at) => devices[at + 1]?.name === name);
  return twice === undefined ? undefined : `device ${twice.name} published twice`;
}

interface Model {
  readonly name: string;
  readonly mig: ReturnType<typeof findMigModel>;
}

function modelOf(devices: readonly Device[]): Model {
  const name = text(devices[0], 'productName')?.replaceAll(' ', '-') ?? '';
  const most = Math.max(0, ...devices.map(({ capacity }) => bytes(capacity?.memory?.value)));
  const isWhole = devices.some((device) => text(device, 'type') === 'gpu');
  return { name, mig: findMigModel(name, isWhole ? most / MIB : undefined) };
}

function readDevice(device: Device, model: Model, rules: readonly DeviceTaintRule[]): DraDevice {
  const { name } = device;
  const shape = shapeOf(text(device, 'type'), text(device, 'profile'));
  const counters = (device.consumesCounters ?? []).flatMap(({ counterSet, counters: amounts }) =>
    Object.entries(amounts).map(([counter, { value }]): [string, number] => [`${counterSet}/${counter}`, bytes(value)]),
  );
  return {
    name,
    shape,
    gpu: parseDeviceName(name)?.gpu ?? 0,
    takes: { ...Object.fromEntries(counters.filter(([, amount]) => amount > 0)), [`device/${name}`]: 1 },
    taint: taintOf(device, rules),
    ...worthOf(shape, model),
    memory: device.allowMultipleAllocations === true ? 0 : bytes(device.capacity?.memory?.value),
  };
}

function worthOf(shape: string, { mig }: Model): Pick<DraDevice, 'milli' | 'shareMilli'> {
  const profile = parseMigProfile(profileOf(shape) ?? '');
  if (profile === undefined) return { milli: 1000, shareMilli: 1000 };
  const milli = (mig && migEquivalentMilli(mig, profile)) ?? 0;
  const slots = mig && profileShape(mig, profile)?.memorySlots;
  const shareMilli = slots === undefined ? milli : Math.floor((slots * 1000) / (mig?.geometry.memorySlots ?? 1));
  return { milli, shareMilli };
}

const HARD: ReadonlySet<string> = new Set(['NoSchedule', 'NoExecute']);

function taintOf(device: Device, rules: readonly DeviceTaintRule[]): string | undefined {
  const ruled = rules
    .filter(({ spec }) => (spec.deviceSelector?.device ?? device.name) === device.name)
    .map(({ spec }) => spec.taint);
  const found = [...(device.taints ?? []), ...ruled].find(
    ({ key, effect }) => HARD.has(effect) && key !== ALLOCATOR_TAINT,
  );
  return found?.key;
}

type Selector = DeviceTaintRule['spec']['deviceSelector'];

/** Without a selector a rule matches nothing; every part that it names must match. */
function matchesPool(selector: Selector, pool: string): boolean {
  return selector !== undefined && (selector.driver ?? DRA_DRIVER) === DRA_DRIVER && (selector.pool ?? pool) === pool;
}

function countersOf(slices: readonly Slice[], devices: readonly DraDevice[]): Readonly<Record<string, number>> {
  const shared = slices
    .flatMap(({ spec }) => spec.sharedCounters ?? [])
    .flatMap(({ name, counters }) =>
      Object.entries(counters).map(([counter, { value }]): [string, number] => [`${name}/${counter}`, bytes(value)]),
    );
  return Object.fromEntries([...shared, ...devices.map(({ name }): [string, number] => [`device/${name}`, 1])]);
}

function text(device: Device | undefined, attribute: string): string | undefined {
  return device?.attributes?.[attribute]?.string;
}
