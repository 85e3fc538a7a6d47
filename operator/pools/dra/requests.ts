import { bytes, type DeviceClass, type ResourceClaim } from '../../kube/index.ts';
import { combinations } from './combinations.ts';
import { DRA_DRIVER, shapeOf } from './names.ts';
import { readSelector, type Wanted } from './selectors.ts';

/** What one request of a claim asks for. */
export interface DeviceAsk {
  /** Name of the request; of an alternative with its own, as `gpu/large`. */
  readonly request: string;
  readonly deviceClass: string;
  readonly shape: string;
  /** How many devices; `all` that its node has, of which there must be one. */
  readonly count: number | 'all';
  /** The model that the devices must be of, as the label nvidia.com/gpu.product would say it. */
  readonly model?: string;
  /** Bytes of memory that each device must have at least. */
  readonly memory?: number;
}

/** One way to serve a claim: an ask for each of its requests. */
export type ClaimWay = readonly DeviceAsk[];

/**
 * What a claim asks for: `ways` in the order of preference, more than one where a request lists alternatives. `others`: devices of other drivers, or access for administration, which only kube-scheduler
 * allocates. `unclear`: NVIDIA's devices, in terms that are not understood here.
 */
export type ClaimReading =
  | { readonly kind: 'devices'; readonly ways: readonly ClaimWay[] }
  | { readonly kind: 'others' }
  | { readonly kind: 'unclear'; readonly why: string };

/** Finds a DeviceClass by name. */
export type ClassLookup = (name: string) => DeviceClass | undefined;

type ClaimDevices = ResourceClaim['spec']['devices'];
type Request = NonNullable<NonNullable<ClaimDevices>['requests']>[number];
type Exactly = Omit<NonNullable<Request['exactly']>, 'adminAccess'> & { readonly adminAccess?: boolean };

/** Ways that are looked at: each is some more plans. The API allows 8 alternatives in each of 32 requests. */
const MOST_WAYS = 16;

/** Reads the requests of a claim. */
export function readRequests(devices: ClaimDevices, classOf: ClassLookup): ClaimReading {
  const requests = devices?.requests ?? [];
  const readings = requests.map((request) => readRequest(request, classOf));
  const unclear = readings.find((reading) => reading.kind === 'unclear');
  if (unclear !== undefined) return unclear;
  if (requests.length === 0 || readings.some(({ kind }) => kind === 'others')) return { kind: 'others' };
  const choices = readings.map((reading) => (reading.kind === 'devices' ? reading.ways.flat() : []));
  const ways = combinations(choices, MOST_WAYS);
  if (ways === undefined) return unclearly(`more than ${MOST_WAYS} combinations of alternatives`);
  const isSingle = ways.every((way) => way.length === 1 && way[0]?.count === 1);
  if ((devices?.constraints ?? []).length > 0 && !isSingle) return unclearly('constraints between its devices');
  return { kind: 'devices', ways };
}

function unclearly(why: string): ClaimReading {
  return { kind: 'unclear', why };
}

/** Reads one request; its ways have one ask each. */
function readRequest({ name, exactly, firstAvailable = [] }: Request, classOf: ClassLookup): ClaimReading {
  if (exactly !== undefined) return readAsk(name, exactly, classOf);
  const readings = firstAvailable.map((other) => readAsk(`${name}/${other.name}`, other, classOf));
  const unclear = readings.find(({ kind }) => kind === 'unclear');
  if (unclear !== undefined) return unclear;
  const ways = readings.flatMap((reading) => (reading.kind === 'devices' ? reading.ways : []));
  if (ways.length === 0) return { kind: 'others' };
  if (ways.length < readings.length) return unclearly(`request ${name} lists devices of other drivers beside NVIDIA's`);
  return { kind: 'devices', ways };
}

function readAsk(name: string, exactly: Exactly, classOf: ClassLookup): ClaimReading {
  if (exactly.adminAccess === true) return { kind: 'others' };
  const deviceClass = classOf(exactly.deviceClassName);
  if (deviceClass === undefined) return unclearly(`DeviceClass ${exactly.deviceClassName} does not exist`);
  const ofClass = readSelectors(deviceClass.spec.selectors);
  if (ofClass === undefined) return unclearly(`DeviceClass ${exactly.deviceClassName} selects by another expression`);
  if (ofClass.driver !== DRA_DRIVER) return { kind: 'others' };
  const wanted = readSelectors(exactly.selectors, ofClass);
  if (wanted === undefined)
    return unclearly(`request ${name} selects by another expression than type, profile and productName`);
  return readExactly(name, exactly, wanted);
}

function readExactly(request: string, exactly: Exactly, wanted: Wanted): ClaimReading {
  const { memory, ...others } = exactly.capacity?.requests ?? {};
  const [other] = Object.keys(others);
  if (other !== undefined) return unclearly(`request ${request} asks for a capacity of ${other}, not of memory`);
  if (wanted.type === undefined) return unclearly(`request ${request} leaves open which type of device it wants`);
  if (wanted.type === 'mig' && wanted.profile === undefined)
    return unclearly(`request ${request} names no MIG profile`);
  const ask: DeviceAsk = {
    request,
    deviceClass: exactly.deviceClassName,
    shape: shapeOf(wanted.type, wanted.profile),
    count: exactly.allocationMode === 'All' ? 'all' : (exactly.count ?? 1),
    model: wanted.productName?.replaceAll(' ', '-'),
    memory: memory === undefined ? undefined : bytes(memory),
  };
  return { kind: 'devices', ways: [[ask]] };
}

function readSelectors(selectors: Exactly['selectors'], base: Wanted = {}): Wanted | undefined {
  let wanted: Wanted = base;
  for (const { cel } of selectors ?? []) {
    const read = cel === undefined ? undefined : readSelector(cel.expression);
    if (read === undefined) return undefined;
    const contradicts = Object.entries(read).some(([key, value]) => (wanted[key] ?? value) !== value);
    if (contradicts) return undefined;
    wanted = { ...wanted, ...read };
  }
  return wanted;
}
