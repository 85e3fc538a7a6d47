/**
 * The kinds of dynamic resource allocation (DRA), resource.k8s.io/v1. Clusters before 1.34 do not serve them, and rules
 * for taints come with 1.37: they are optional, and a cluster without them reads as one without objects of them.
 */
import type * as k8s from '@kubernetes/client-node';
import { projectMeta } from './project-meta.ts';
import type { KindToken, Resource } from './wire.ts';

export type DeviceClass = Resource<k8s.V1DeviceClass>;
/** The client library knows the rule by its beta name; the fields are those of v1. */
export type DeviceTaintRule = Resource<k8s.V1beta2DeviceTaintRule>;
export type ResourceClaim = Resource<k8s.ResourceV1ResourceClaim>;
export type ResourceClaimTemplate = Resource<k8s.V1ResourceClaimTemplate>;
export type ResourceSlice = Resource<k8s.V1ResourceSlice>;

const served = { group: 'resource.k8s.io', version: 'v1', optional: true } as const;

/** The kind DeviceClass. */
export const DeviceClass: KindToken<DeviceClass> = {
  ...served,
  kind: 'DeviceClass',
  plural: 'deviceclasses',
  scope: 'Cluster',
};

/** The kind DeviceTaintRule. */
export const DeviceTaintRule: KindToken<DeviceTaintRule> = {
  ...served,
  kind: 'DeviceTaintRule',
  plural: 'devicetaintrules',
  scope: 'Cluster',
};

/** The kind ResourceClaim. */
export const ResourceClaim: KindToken<ResourceClaim> = {
  ...served,
  kind: 'ResourceClaim',
  plural: 'resourceclaims',
  scope: 'Namespaced',
};

/** The kind ResourceClaimTemplate. */
export const ResourceClaimTemplate: KindToken<ResourceClaimTemplate> = {
  ...served,
  kind: 'ResourceClaimTemplate',
  plural: 'resourceclaimtemplates',
  scope: 'Namespaced',
};

/** The kind ResourceSlice, cached without what tells two devices of one kind apart. */
export const ResourceSlice: KindToken<ResourceSlice> = {
  ...served,
  kind: 'ResourceSlice',
  plural: 'resourceslices',
  scope: 'Cluster',
  project: projectSlice,
};

type Device = NonNullable<ResourceSlice['spec']['devices']>[number];

/** Attributes that are kept: what a device is, not which. */
const kept = ['type', 'profile', 'productName'] as const;
/** Devices that were seen, by their text: a fleet has a few hundred kinds and hundreds of thousands of devices. */
const known = new Map<string, Device>();
const MOST_KNOWN = 20_000;

function projectSlice(slice: ResourceSlice): ResourceSlice {
  const { driver, pool, nodeName, devices, sharedCounters } = slice.spec;
  return {
    metadata: projectMeta(slice.metadata),
    spec: { driver, pool, nodeName, sharedCounters, devices: devices?.map(projectDevice) },
  };
}

function projectDevice(device: Device): Device {
  const { name, attributes = {}, capacity, consumesCounters, taints, allowMultipleAllocations } = device;
  const memory = capacity?.memory === undefined ? undefined : { memory: capacity.memory };
  const cut: Device = {
    name,
    attributes: Object.fromEntries(kept.flatMap((key) => (attributes[key] ? [[key, attributes[key]]] : []))),
    capacity: allowMultipleAllocations === true ? capacity : memory,
    consumesCounters,
    taints,
    allowMultipleAllocations,
  };
  const text = JSON.stringify(cut);
  const before = known.get(text);
  if (before !== undefined) return before;
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, cut);
  return cut;
}
