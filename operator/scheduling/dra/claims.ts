import { DeviceClass, keyText, type Pod, ResourceClaim } from '../../kube/index.ts';
import { type ClaimReading, type HeldDevice, heldDevices, readRequests } from '../../pools/index.ts';
import type { Reader } from '../../runtime/index.ts';

/** A claim as the planner sees it. */
export interface ClaimFacts {
  /** `namespace/name`. */
  readonly key: string;
  readonly claim: ResourceClaim;
  readonly reading: ClaimReading;
  /** Devices that it holds, ours only; none while it is not allocated. */
  readonly held: readonly HeldDevice[];
  readonly isAllocated: boolean;
}

/** An allocation that was sent and that the cache does not show yet. */
export type SentAllocations = ReadonlyMap<string, ResourceClaim>;

/** Every claim by `namespace/name`; what was sent lies over what the cache shows. */
export function readClaims(reader: Reader, sent: SentAllocations = new Map()): ReadonlyMap<string, ClaimFacts> {
  const classes = new Map(reader.list(DeviceClass).map((each) => [each.metadata.name ?? '', each]));
  return new Map(
    reader.list(ResourceClaim).map((cached) => {
      const claim = cached.status?.allocation === undefined ? (sent.get(cached.metadata.uid ?? '') ?? cached) : cached;
      const key = keyText(claim);
      const facts: ClaimFacts = {
        key,
        claim,
        reading: readRequests(claim.spec.devices, (name) => classes.get(name)),
        held: heldDevices(claim),
        isAllocated: claim.status?.allocation !== undefined,
      };
      return [key, facts];
    }),
  );
}

/** A claim that a pod names. */
export interface PodClaim {
  /** The name by which its containers use it. */
  readonly name: string;
  /** `namespace/name`; undefined while the claim of a template is not made yet. */
  readonly key?: string;
}

/** The claims that a pod needs; one that Kubernetes found not to be needed is left out. */
export function claimsOfPod(pod: Pod): readonly PodClaim[] {
  const { namespace } = pod.metadata;
  const made = new Map((pod.status?.resourceClaimStatuses ?? []).map((each) => [each.name, each.resourceClaimName]));
  return (pod.spec?.resourceClaims ?? []).flatMap(({ name, resourceClaimName }): PodClaim[] => {
    if (resourceClaimName !== undefined) return [{ name, key: `${namespace}/${resourceClaimName}` }];
    if (!made.has(name)) return [{ name }];
    const found = made.get(name);
    return found === undefined ? [] : [{ name, key: `${namespace}/${found}` }];
  });
}

/** Extended resources of a pod that a claim backs: the claim counts, they do not. */
export function backedResources(pod: Pod): ReadonlySet<string> {
  const mappings = pod.status?.extendedResourceClaimStatus?.requestMappings ?? [];
  return new Set(mappings.map(({ resourceName }) => resourceName));
}
