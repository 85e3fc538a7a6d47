import type { DeviceClass, ResourceClaim } from '../../kube/index.ts';
import { DRA_DRIVER, shapeOf } from './names.ts';
import { readSelector, type Wanted } from './selectors.ts';

/** What one request of a claim asks for. */
export interface DeviceAsk {
  readonly request: string;
  readonly deviceClass: string;
  readonly shape: string;
  readonly count: number;
  /** The model that the devices must be of, as the label nvidia.com/gpu.product would say it. */
  readonly model?: string;
}

/**
 * What a claim asks for. `others`: devices of other drivers, or access for administration, which only kube-scheduler
 * allocates. `unclear`: NVIDIA's devices, in terms that are not understood here.
 */
export type ClaimReading =
  | { readonly kind: 'devices'; readonly asks: readonly DeviceAsk[] }
  | { readonly kind: 'others' }
  | { readonly kind: 'unclear'; readonly why: string };

/** Finds a DeviceClass by name. */
export type ClassLookup = (name: string) => DeviceClass | undefined;

type ClaimDevices = ResourceClaim['spec']['devices'];
type Request = NonNullable<NonNullable<ClaimDevices>['requests']>[number];
type Exactly = NonNullable<Request['exactly']>;

/** Reads the requests of a claim. */
export function readRequests(devices: ClaimDevices, classOf: ClassLookup): ClaimReading {
  const requests = devices?.requests ?? [];
  const readings = requests.map((request) => readRequest(request, classOf));
  const unclear = readings.find((reading) => reading.kind === 'unclear');
  if (unclear !== undefined) return unclear;
  if (requests.length === 0 || readings.some(({ kind }) => kind === 'others')) return { kind: 'others' };
  if ((devices?.constraints ?? []).length > 0 && requests.length > 1)
    return unclearly('constraints between its requests');
  return { kind: 'devices', asks: readings.flatMap((reading) => (reading.kind === 'devices' ? reading.asks : [])) };
}

function unclearly(why: string): ClaimReading {
  return { kind: 'unclear', why };
}

function readRequest({ name, exactly }: Request, classOf: ClassLookup): ClaimReading {
  if (exactly === undefined) return unclearly(`request ${name} lists alternatives`);
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
  if (exactly.allocationMode === 'All') return unclearly(`request ${request} asks for all devices`);
  if (exactly.capacity !== undefined) return unclearly(`request ${request} asks for a part of a device's capacity`);
  if (wanted.type === undefined) return unclearly(`request ${request} leaves open which type of device it wants`);
  if (wanted.type === 'mig' && wanted.profile === undefined)
    return unclearly(`request ${request} names no MIG profile`);
  const ask: DeviceAsk = {
    request,
    deviceClass: exactly.deviceClassName,
    shape: shapeOf(wanted.type, wanted.profile),
    count: exactly.count ?? 1,
    model: wanted.productName?.replaceAll(' ', '-'),
  };
  return { kind: 'devices', asks: [ask] };
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
