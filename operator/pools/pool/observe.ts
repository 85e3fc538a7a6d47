import { type GPUPool, kinds } from '../../api/index.ts';
import { Node, Pod, ResourceClaim, ResourceSlice } from '../../kube/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { heldDevices } from '../dra/allocations.ts';
import { countDraNode } from '../dra/counts.ts';
import { type DraNode, readDraNodes } from '../dra/devices.ts';
import { createPoolClaims } from '../membership.ts';
import { type NodeGpus, nodeGpus } from '../nvidia/node-gpus.ts';
import { nodeAilment } from '../nvidia/node-health.ts';
import { type DeviceRequest, podRequests, takesRoom } from '../pod-requests.ts';
import { type PlanOf, planChanges } from '../reconfigure/plans.ts';
import { type Installed, isMixed, type World, worldOf } from '../world.ts';

/** Index of pods by the node on which they take room. */
export const PODS_BY_NODE = 'pools/node';

/** Values of the index `pools/node`. */
export function nodeOfPod(pod: Pod): readonly string[] {
  return takesRoom(pod) && pod.spec?.nodeName !== undefined ? [pod.spec.nodeName] : [];
}

/** Index of claims by the nodes on which they hold devices. */
export const CLAIMS_BY_NODE = 'pools/claim-node';

/** Values of the index `pools/claim-node`. */
export function nodesOfClaim(claim: ResourceClaim): readonly string[] {
  return [...new Set(heldDevices(claim).map(({ node }) => node))];
}

/** A node of the pool. */
export interface PoolNodeFacts {
  readonly name: string;
  readonly gpus: NodeGpus;
  /** Why nothing should be placed there; undefined when it is well. */
  readonly ailment?: string;
  /** What bound pods hold, summed by resource. */
  readonly held: readonly DeviceRequest[];
}

/** What one pass over a pool knows. */
export interface PoolFacts {
  readonly world: World;
  /** Nodes that are the pool's, by name. */
  readonly nodes: readonly PoolNodeFacts[];
  /** Both of NVIDIA's stacks are installed. */
  readonly mixed: boolean;
  /** How the sharing of the nodes changes, or would. */
  readonly changes: PlanOf | undefined;
  /** Nodes that the pool selects and an older pool keeps. */
  readonly lost: readonly { readonly node: string; readonly to: string }[];
}

/** Reads the pool's nodes and what runs on them from the cache. */
export function observe(pool: GPUPool, reader: Reader, installed: Installed, now: Date): PoolFacts {
  const claims = createPoolClaims(reader.list(kinds.GPUPool));
  const own: Node[] = [];
  const lost: { node: string; to: string }[] = [];
  for (const node of reader.list(Node)) {
    const claimants = claims(node).map((claimant) => claimant.metadata.name);
    if (!claimants.includes(pool.metadata.name)) continue;
    const [keeper] = claimants;
    if (keeper === pool.metadata.name) own.push(node);
    else lost.push({ node: node.metadata.name ?? '', to: keeper ?? '' });
  }
  const dra = readDraNodes(reader.list(ResourceSlice));
  return {
    world: own.some(({ metadata }) => dra.has(metadata.name ?? '')) ? 'DRA' : worldOf(installed, own),
    mixed: isMixed(installed),
    changes: planChanges(reader, installed, now, pool.metadata.name).plans[0],
    nodes: own.map((node) => nodeFacts(node, reader, dra)).sort((left, right) => (left.name < right.name ? -1 : 1)),
    lost: lost.sort((left, right) => (left.node < right.node ? -1 : 1)),
  };
}

function nodeFacts(node: Node, reader: Reader, dra: ReadonlyMap<string, DraNode>): PoolNodeFacts {
  const name = node.metadata.name ?? '';
  const published = dra.get(name);
  if (published !== undefined) {
    const claims = reader.list(ResourceClaim, { index: { name: CLAIMS_BY_NODE, value: name } });
    const { gpus, held, problem } = countDraNode(published, claims);
    return { name, gpus, held, ailment: nodeAilment(node) ?? problem };
  }
  const held = new Map<string, number>();
  for (const pod of reader.list(Pod, { index: { name: PODS_BY_NODE, value: name } })) {
    for (const { resource, count } of podRequests(pod).devices) held.set(resource, (held.get(resource) ?? 0) + count);
  }
  return {
    name,
    gpus: nodeGpus(node),
    ailment: nodeAilment(node),
    held: [...held].map(([resource, count]) => ({ resource, count })),
  };
}
