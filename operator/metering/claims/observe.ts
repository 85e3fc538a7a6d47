import { bytes, Pod, ResourceClaim, ResourceSlice } from '../../kube/index.ts';
import { type DraNode, type HeldDevice, heldDevices, profileOf, readDraNodes } from '../../pools/index.ts';
import type { Reader } from '../../runtime/index.ts';
import type { Allocation, OpenInterval } from '../facts.ts';
import { meteringFinalizer, unassigned } from '../labels.ts';
import { holdOf } from '../observe.ts';
import { type Device, meterOf } from '../sku.ts';
import type { UsersOfGone } from './decide.ts';
import { type ClaimFact, type ClaimUser, deviceKeyOf } from './facts.ts';

/** What metering knows of all claims. */
export interface ClaimsSeen {
  readonly claims: readonly ClaimFact[];
  readonly usersOfGone: UsersOfGone;
}

/**
 * Reads claims, their devices and the pods that use them. `boundFromOf` answers since when a namespace counts from the
 * bind; it and `now` are milliseconds since 1970.
 */
export function observeClaims(
  reader: Reader,
  tenantOf: (namespace: string) => string,
  boundFromOf: (namespace: string) => number,
  now: number,
): ClaimsSeen {
  const users = usersByClaim(reader.list(Pod), boundFromOf, now);
  const nodes = readDraNodes(reader.list(ResourceSlice));
  const capacities = capacitiesOf(reader.list(ResourceSlice));
  const claims = reader.list(ResourceClaim).map((claim) => {
    const { namespace = '', name = '', uid = '' } = claim.metadata;
    const tenant = tenantOf(namespace);
    const held = heldDevices(claim);
    const allocated = claim.status?.allocation?.allocationTimestamp;
    return {
      uid,
      namespace,
      name,
      tenant,
      early: tenant === unassigned && (users.get(`${namespace}/${name}`)?.held ?? false),
      boundFrom: boundFromOf(namespace),
      reserved: (claim.status?.reservedFor ?? []).length > 0,
      allocatedAt: allocated === undefined ? undefined : Date.parse(allocated),
      node: held[0]?.node ?? '',
      devices: held.flatMap((device) => allocationOf(device, nodes, capacities)),
      users: users.get(`${namespace}/${name}`)?.users ?? [],
    };
  });
  return { claims, usersOfGone: ({ namespace, pod }: OpenInterval) => users.get(`${namespace}/${pod}`)?.users ?? [] };
}

interface Users {
  readonly users: ClaimUser[];
  /** Whether one of them was made in the namespace of a tenant. */
  held: boolean;
}

function usersByClaim(
  pods: readonly Pod[],
  boundFromOf: (namespace: string) => number,
  now: number,
): ReadonlyMap<string, Users> {
  const byClaim = new Map<string, Users>();
  for (const pod of pods) {
    const user = holdOf(pod, boundFromOf(pod.metadata.namespace ?? ''), now);
    if (user === undefined) continue;
    for (const name of claimNames(pod)) {
      const key = `${pod.metadata.namespace}/${name}`;
      const known = byClaim.get(key) ?? { users: [], held: false };
      known.users.push(user);
      known.held ||= pod.metadata.finalizers?.includes(meteringFinalizer) ?? false;
      byClaim.set(key, known);
    }
  }
  return byClaim;
}

/** Claims that a pod names, those made for it from templates, and the one that backs its extended resources. */
export function claimNames(pod: Pod): readonly string[] {
  const named = (pod.spec?.resourceClaims ?? []).flatMap(({ resourceClaimName }) => resourceClaimName ?? []);
  const made = (pod.status?.resourceClaimStatuses ?? []).flatMap(({ resourceClaimName }) => resourceClaimName ?? []);
  const backing = pod.status?.extendedResourceClaimStatus?.resourceClaimName ?? [];
  return [...new Set([...named, ...made].concat(backing))];
}

/** Capacities of devices that several claims may share, by `node/device`. */
type Capacities = ReadonlyMap<string, Capacity>;
type Capacity = Readonly<Record<string, { readonly value: string }>>;

function capacitiesOf(slices: readonly ResourceSlice[]): Capacities {
  const shared = slices.flatMap(({ spec }) =>
    (spec.devices ?? [])
      .filter(({ allowMultipleAllocations }) => allowMultipleAllocations === true)
      .map(({ name, capacity }) => [`${spec.pool.name}/${name}`, capacity ?? {}] as const),
  );
  return new Map(shared);
}

/** One unit of the device's meter; nothing while the device is not published, so that its model is not known. */
function allocationOf(
  held: HeldDevice,
  nodes: ReadonlyMap<string, DraNode>,
  capacities: Capacities,
): readonly Allocation[] {
  const node = nodes.get(held.node);
  const published = node?.devices.find(({ name }) => name === held.device);
  if (node === undefined || published === undefined) return [];
  const whole: Device = {
    model: node.model === '' ? 'unknown' : node.model,
    profile: profileOf(published.shape) ?? 'full',
  };
  const device = shareOf(whole, held, capacities.get(`${held.node}/${held.device}`));
  const deviceKey = deviceKeyOf(held.node, held.device, held.shareId);
  return [{ ...device, deviceKey, meter: meterOf(device), units: 1 }];
}

/**
 * A share of a device is metered apart from the device, as time-slices are: `share250` is a quarter. It is the largest
 * part that it takes of any capacity, rounded down to thousandths.
 */
function shareOf(device: Device, { consumed }: HeldDevice, capacity: Capacity | undefined): Device {
  if (consumed === undefined || capacity === undefined) return device;
  const parts = Object.entries(consumed).flatMap(([name, amount]) => {
    const all = bytes(capacity[name]?.value);
    return all === 0 ? [] : [Math.floor((1000 * bytes(amount)) / all)];
  });
  const share = `share${Math.min(1000, Math.max(0, ...parts))}`;
  return { ...device, profile: device.profile === 'full' ? share : `${device.profile}+${share}` };
}
