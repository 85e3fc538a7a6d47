import type { DeviceClass, Pod, ResourceClaim } from '../../kube/index.ts';
import { type DeviceAsk, DRA_DRIVER } from '../../pools/index.ts';
import type { PatchBody } from '../../runtime/index.ts';
import type { ChosenDevice, GpuDemand } from '../planner/index.ts';
import type { ClaimFacts } from './claims.ts';
import type { CountedAsk, PodWay } from './ways.ts';

/** Finalizer by which Kubernetes keeps an allocated claim until its devices are free. */
export const CLAIM_FINALIZER = 'resource.kubernetes.io/delete-protection';
/** Annotation on a claim that the planner allocated: the pod for which it did, as `name/uid`. */
export const ALLOCATED_FOR = 'gpuoptimizer.io/allocated-for';

type Allocation = NonNullable<NonNullable<ResourceClaim['status']>['allocation']>;
type Config = NonNullable<NonNullable<Allocation['devices']>['config']>;

/** One claim and the devices that it is to get. */
export interface ClaimGrant {
  readonly facts: ClaimFacts;
  readonly node: string;
  /** Devices for each request, in the order of the claim. */
  readonly devices: readonly { readonly ask: CountedAsk; readonly names: readonly string[] }[];
}

/**
 * Shares the devices that a plan chose for a pod out to its claims; each claim and request takes what it asked for, in the
 * first of the ways that come to these devices on that node.
 */
export function grantsOf(
  claims: readonly ClaimFacts[],
  ways: readonly PodWay[],
  node: string,
  chosen: readonly ChosenDevice[],
): readonly ClaimGrant[] {
  const left = Map.groupBy(chosen, ({ resource }) => resource);
  const way = ways.find(({ gpus, where }) => {
    if (where?.names?.includes(node) === false) return false;
    const asked = Map.groupBy(gpus, (gpu) => (gpu.kind === 'devices' ? gpu.resource : ''));
    const numbers = [...asked].map(
      ([shape, own]) => [shape, own.reduce((sum, gpu) => sum + numberOf(gpu), 0)] as const,
    );
    return numbers.length === left.size && numbers.every(([shape, number]) => left.get(shape)?.length === number);
  });
  if (way === undefined) return [];
  return claims.map((facts, at) => ({
    ...{ facts, node },
    devices: (way.asks[at] ?? []).map((ask) => ({
      ask,
      names:
        left
          .get(ask.shape)
          ?.splice(0, ask.count)
          .map(({ name }) => name) ?? [],
    })),
  }));
}

function numberOf(gpu: GpuDemand): number {
  return gpu.kind === 'devices' ? gpu.count : 0;
}

/** Whether every request of a grant has all of its devices. */
export function isWhole({ devices }: ClaimGrant): boolean {
  return devices.every(({ ask, names }) => names.length === ask.count);
}

/** The first of two patches: Kubernetes asks for the finalizer in an ordinary update before the status is written. */
export function protectPatch({ facts: { claim } }: ClaimGrant, pod: Pod): PatchBody {
  const { finalizers = [], resourceVersion } = claim.metadata;
  const metadata = {
    resourceVersion,
    finalizers: [...new Set([...finalizers, CLAIM_FINALIZER])],
    annotations: { [ALLOCATED_FOR]: `${pod.metadata.name}/${pod.metadata.uid}` },
  };
  return { type: 'merge', body: { metadata } };
}

/**
 * The second patch. The version keeps two writers from allocating one claim; the time is there because kube-scheduler
 * would put its own, which the API server refuses as a change of the allocation.
 */
export function allocatePatch(
  grant: ClaimGrant,
  version: string | undefined,
  classes: ClassesByName,
  now: Date,
): PatchBody {
  const allocation = allocationOf(grant, classes, now);
  return {
    type: 'merge',
    subresource: 'status',
    body: { metadata: { resourceVersion: version }, status: { allocation } },
  };
}

/** DeviceClasses by name. */
export type ClassesByName = (name: string) => DeviceClass | undefined;

/** The allocation as kube-scheduler would have written it. */
export function allocationOf({ facts, node, devices }: ClaimGrant, classes: ClassesByName, now: Date): Allocation {
  const requests = facts.claim.spec.devices?.requests ?? [];
  const tolerationsOf = (name: string) =>
    requests
      .flatMap(({ name: own, exactly, firstAvailable = [] }) => [
        { name: own, tolerations: exactly?.tolerations },
        ...firstAvailable.map((other) => ({ name: `${own}/${other.name}`, tolerations: other.tolerations })),
      ])
      .find((request) => request.name === name)?.tolerations;
  const results = devices.flatMap(({ ask: { request }, names }) =>
    names.map((device) => ({
      request,
      driver: DRA_DRIVER,
      pool: node,
      device,
      ...(tolerationsOf(request) && { tolerations: tolerationsOf(request) }),
    })),
  );
  const config = configOf(
    facts.claim,
    devices.map(({ ask }) => ask),
    classes,
  );
  return {
    devices: { results, ...(config.length > 0 && { config }) },
    nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }] },
    allocationTimestamp: `${now.toISOString().slice(0, 19)}Z`,
  };
}

/** What the driver is told: first the settings of the classes, then those of the claim. */
function configOf({ spec }: ResourceClaim, asks: readonly DeviceAsk[], classes: ClassesByName): Config {
  const ofClasses = asks.flatMap(({ request, deviceClass }) =>
    (classes(deviceClass)?.spec.config ?? []).map((each) => ({ source: 'FromClass', requests: [request], ...each })),
  );
  const granted = new Set(asks.flatMap(({ request }) => [request, request.split('/')[0] ?? '']));
  const ofClaim = (spec.devices?.config ?? []).filter(
    ({ requests = [] }) => requests.length === 0 || requests.some((name) => granted.has(name)),
  );
  return [...ofClasses, ...ofClaim.map((each) => ({ source: 'FromClaim', ...each }))];
}

/** Takes an allocation back that nobody reserved. */
export function clearPatch(claim: ResourceClaim): PatchBody {
  const metadata = { resourceVersion: claim.metadata.resourceVersion };
  return { type: 'merge', subresource: 'status', body: { metadata, status: { allocation: null } } };
}

/** Takes the finalizer and our mark off a claim that is allocated no longer. */
export function unprotectPatch(claim: ResourceClaim): PatchBody {
  const { finalizers = [], resourceVersion } = claim.metadata;
  const metadata = {
    resourceVersion,
    finalizers: finalizers.filter((name) => name !== CLAIM_FINALIZER),
    annotations: { [ALLOCATED_FOR]: null },
  };
  return { type: 'merge', body: { metadata } };
}
