import type { GPUPool } from '../../api/index.ts';
import { DeviceClass, DeviceTaintRule, type Pod, ResourceSlice, seconds } from '../../kube/index.ts';
import { type DraNode, readDraNodes, readRequests, type TenantOf } from '../../pools/index.ts';
import type { Reader } from '../../runtime/index.ts';
import type { Holding } from '../planner/index.ts';
import { type ClaimFacts, readClaims, type SentAllocations } from './claims.ts';
import { createNeeds, type NeedsOf } from './needs.ts';
import { allocatesIn, type DraOffer, draOffer, settlesIn } from './offers.ts';
import { createWaysOf, type WaysOf } from './ways.ts';

/** What a pass knows of dynamic resource allocation. */
export interface DraFacts {
  readonly claims: ReadonlyMap<string, ClaimFacts>;
  /** What claims hold on the nodes that publish devices. */
  readonly held: readonly Holding[];
  readonly needsOf: NeedsOf;
  readonly waysOf: WaysOf;
  /** What a node offers in its pool; undefined where no DRA driver publishes devices. */
  readonly offerOf: (node: string, pool: GPUPool) => DraOffer | undefined;
  /** Names of the nodes on which the planner itself allocates. */
  readonly ours: ReadonlySet<string>;
  /** Milliseconds until kube-scheduler is off the devices of the last of them. */
  readonly dueMillis: number;
}

/** What is read besides the cluster. */
export interface DraSource {
  readonly now: Date;
  readonly tenantOf: TenantOf;
  /** Pods that were let go and are not bound, and those that wait. */
  readonly released: readonly Pod[];
  readonly gated: readonly Pod[];
  readonly poolOf: (node: string) => GPUPool | undefined;
  readonly sent: SentAllocations;
}

/** Reads claims and devices from the cache. */
export function observeDra(reader: Reader, source: DraSource): DraFacts {
  const nodes = readDraNodes(reader.list(ResourceSlice), reader.list(DeviceTaintRule));
  const claims = readClaims(reader, source.sent);
  const extended = extendedResources(reader.list(DeviceClass));
  const ours = [...nodes.keys()].filter((node) => {
    const pool = source.poolOf(node);
    return pool !== undefined && allocatesIn(pool);
  });
  const waysOf = createWaysOf({ nodes, ours: new Set(ours) });
  return {
    claims,
    waysOf,
    held: holdings([...claims.values()], nodes, source.tenantOf),
    needsOf: createNeeds(claims, source.released, source.gated, waysOf),
    offerOf: (name, pool) => {
      const node = nodes.get(name);
      return node === undefined ? undefined : draOffer(node, pool, source.now, extended);
    },
    ours: new Set(ours),
    dueMillis: Math.min(...ours.flatMap((name) => settlesIn(nodes.get(name), source.now) ?? []), seconds(60)),
  };
}

/** What extended resources stand for: one device of their class. */
function extendedResources(classes: readonly DeviceClass[]): Readonly<Record<string, string>> {
  const byName = new Map(classes.map((each) => [each.metadata.name ?? '', each]));
  const entries = classes.flatMap(({ metadata, spec }): [string, string][] => {
    const exactly = { deviceClassName: metadata.name ?? '' };
    const reading = readRequests({ requests: [{ name: 'any', exactly }] }, (name) => byName.get(name));
    const [ask] = reading.kind === 'devices' ? reading.ways.flat() : [];
    return spec.extendedResourceName === undefined || ask === undefined ? [] : [[spec.extendedResourceName, ask.shape]];
  });
  return Object.fromEntries(entries);
}

/** Holdings by claim: the planner compares them by identity from pass to pass. */
const known = new WeakMap<ClaimFacts['claim'], Holding>();

/**
 * One holding for each claim that has devices. A device that several claims share is held once, by the first of them by
 * name. Keys sort before those of pods, because what is known by name must be held before what is only counted.
 */
function holdings(
  claims: readonly ClaimFacts[],
  nodes: ReadonlyMap<string, DraNode>,
  tenantOf: TenantOf,
): readonly Holding[] {
  const taken = new Set<string>();
  const sorted = claims
    .filter(({ held }) => held.length > 0)
    .toSorted((left, right) => (left.key < right.key ? -1 : 1));
  return sorted.flatMap(({ key, claim, held }): Holding[] => {
    const node = nodes.get(held[0]?.node ?? '');
    const own = held.filter(({ node: on, device }) => !taken.has(`${on}/${device}`));
    for (const { node: on, device } of own) taken.add(`${on}/${device}`);
    if (node === undefined || own.length === 0) return [];
    const tenant = tenantOf(claim.metadata.namespace ?? '');
    const devices = own.map(({ device }) => device);
    const before = known.get(claim);
    if (before?.node === node.node && before.tenant === tenant && before.devices?.join() === devices.join()) {
      return [before];
    }
    const holding = holdingOf(key, node, devices, tenant);
    known.set(claim, holding);
    return [holding];
  });
}

function holdingOf(key: string, node: DraNode, devices: readonly string[], tenant: string | undefined): Holding {
  const shapeOf = new Map(node.devices.map(({ name, shape }) => [name, shape]));
  const byShape = Map.groupBy(devices, (name) => shapeOf.get(name) ?? '');
  byShape.delete('');
  const gpus = [...byShape].map(([resource, names]) => ({ kind: 'devices', resource, count: names.length }) as const);
  return { key: `#claim/${key}`, node: node.node, tenant, cpuMilli: 0, memoryMiB: 0, pods: 0, gpus, devices };
}
