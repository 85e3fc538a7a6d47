/** Builders of small worlds with DRA for the room's tests: one GPU that is cut on demand into 1g and 4g. */
import { DeviceClass, DeviceTaintRule, Pod, ResourceClaim, ResourceSlice } from '../../kube/index.ts';
import { type Thing, thing } from '../../runtime/testing/index.ts';
import { GATE } from '../names.ts';

const DRIVER = 'gpu.nvidia.com';
type Device = NonNullable<ResourceSlice['spec']['devices']>[number];

function device(name: string, type: string, profile: string, start: number, slices: number, total: number): Device {
  const counters = Array.from({ length: slices }, (_, at) => [`memory-slice-${start + at}`, { value: '1' }] as const);
  return {
    name,
    attributes: {
      type: { string: type },
      profile: { string: profile },
      productName: { string: 'NVIDIA H100 80GB HBM3' },
    },
    capacity: { memory: { value: `${total}Gi` } },
    consumesCounters: [{ counterSet: 'gpu-0-counter-set', counters: Object.fromEntries(counters) }],
  };
}

const devices: readonly Device[] = [
  device('gpu-0', 'gpu', '', 0, 8, 80),
  ...[0, 1, 2, 3, 4, 5, 6].map((start) => device(`gpu-0-mig-1g10gb-19-${start}`, 'mig', '1g.10gb', start, 1, 10)),
  device('gpu-0-mig-4g40gb-5-0', 'mig', '4g.40gb', 0, 4, 40),
];

/** The slices of a node: counters first, then devices. */
export function slices(node: string, over: Partial<ResourceSlice['spec']['pool']> = {}): readonly Thing[] {
  const pool = { name: node, generation: 1, resourceSliceCount: 2, ...over };
  const counters = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`memory-slice-${at}`, { value: '1' }]));
  const part = (at: number, spec: Partial<ResourceSlice['spec']>): Thing =>
    thing(ResourceSlice, {
      metadata: { name: `${node}-${at}`, uid: `slice-${node}-${at}` },
      spec: { driver: DRIVER, nodeName: node, pool, ...spec },
    });
  return [part(0, { sharedCounters: [{ name: 'gpu-0-counter-set', counters }] }), part(1, { devices })];
}

/** NVIDIA's classes. */
export const classes: readonly Thing[] = (['gpu', 'mig'] as const).map((type) =>
  thing(DeviceClass, {
    metadata: { name: `${type}.nvidia.com`, uid: `class-${type}` },
    spec: {
      selectors: [
        { cel: { expression: `device.driver == '${DRIVER}' && device.attributes['${DRIVER}'].type == '${type}'` } },
      ],
    },
  }),
);

/** The rule that keeps kube-scheduler off a node. */
export function rule(node: string, since: string): Thing {
  return thing(DeviceTaintRule, {
    metadata: { name: `gpuopt-${node}`, uid: `rule-${node}`, creationTimestamp: since },
    spec: {
      deviceSelector: { driver: DRIVER, pool: node },
      taint: { key: 'gpuoptimizer.io/allocator', effect: 'NoSchedule' },
    },
  });
}

/** A claim for one MIG device; `on` is where it is allocated. */
export function claim(
  name: string,
  profile: string,
  over: Pick<ResourceClaim, 'status'> & Partial<Pick<ResourceClaim, 'metadata'>> = {},
): Thing {
  const selectors = [{ cel: { expression: `device.attributes['${DRIVER}'].profile == '${profile}'` } }];
  return thing(ResourceClaim, {
    metadata: { namespace: 'acme-a', name, uid: `claim-${name}`, resourceVersion: '7', ...over.metadata },
    spec: { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'mig.nvidia.com', selectors } }] } },
    status: over.status,
  });
}

type Requests = NonNullable<NonNullable<ResourceClaim['spec']['devices']>['requests']>;

/** A claim with these requests. */
export function claimOf(name: string, requests: Requests, config?: object): Thing {
  return thing(ResourceClaim, {
    metadata: { namespace: 'acme-a', name, uid: `claim-${name}`, resourceVersion: '7' },
    spec: { devices: { requests, ...config } },
  });
}

/** What asks for MIG devices of a profile, or for whole GPUs, as a part of a request. */
export function asking(shape: string) {
  if (shape === 'gpu') return { deviceClassName: 'gpu.nvidia.com' };
  const selectors = [{ cel: { expression: `device.attributes['${DRIVER}'].profile == '${shape}'` } }];
  return { deviceClassName: 'mig.nvidia.com', selectors };
}

/** The status of a claim that holds a device. */
export function allocated(node: string, name: string, reservedFor: readonly string[] = []): ResourceClaim['status'] {
  return {
    allocation: { devices: { results: [{ request: 'gpu', driver: DRIVER, pool: node, device: name }] } },
    reservedFor: reservedFor.map((pod) => ({ resource: 'pods', name: pod, uid: `pod-${pod}` })),
  };
}

/** A gated pod with these claims. */
export function claimPod(name: string, claims: readonly string[], over: Partial<NonNullable<Pod['spec']>> = {}): Thing {
  return thing(Pod, {
    metadata: {
      ...{ namespace: 'acme-a', name, uid: `pod-${name}`, creationTimestamp: '2027-01-10T07:59:00Z' },
    },
    spec: {
      schedulingGates: [{ name: GATE }],
      resourceClaims: claims.map((resourceClaimName, at) => ({ name: `c${at}`, resourceClaimName })),
      containers: [{ name: 'main', resources: { requests: { cpu: '1', memory: '1Gi' } } }],
      ...over,
    },
    status: { phase: 'Pending' },
  });
}
