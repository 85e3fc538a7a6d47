import { type GPUPool, kinds } from '../api/index.ts';
import { keyText, Node, type Pod, Pod as PodKind, seconds } from '../kube/index.ts';
import { createPoolClaims, createTenantOf, nodeGpus, podRequests, type TenantOf } from '../pools/index.ts';
import type { Reader } from '../runtime/index.ts';
import { type ConstraintOf, createConstraintOf } from './constraint.ts';
import { type MoveFacts, readMoves } from './defragmentation/moves.ts';
import { backedResources, claimsOfPod, type SentAllocations } from './dra/claims.ts';
import { both, devicesOn } from './dra/needs.ts';
import { type DraFacts, observeDra } from './dra/observe.ts';
import { createRunTimesOf, type RunTimesOf } from './eta/history.ts';
import type { Runs } from './eta/runs.ts';
import { type Formed, formGangs } from './gangs/form.ts';
import { type BindRule, bindRule, type PartialGang, partialGangs, USUAL_BIND_RULE } from './gangs/partial.ts';
import { PLAN_LABEL, planTime } from './names.ts';
import { nodeFacts } from './node-facts.ts';
import {
  type Alternative,
  type Demand,
  type Gang,
  type HeldBack,
  type Holding,
  type Member,
  type NodeFacts,
  type Nominee,
  type PolicyName,
  STARTED_PRIORITY,
} from './planner/index.ts';
import { foreignGates, isGated, PODS_BY_STATE, type PodState, pinnedNode, wasRefused } from './pod-state.ts';
import { nomineesOf } from './preemption/nomination.ts';
import type { SentByUid, SentRelease } from './sent.ts';
import { freezesOf } from './tenancy/freeze.ts';
import { type HeldFacts, heldFacts, isEvictable } from './tenancy/held.ts';
import { readTenancy, type TenancyFacts } from './tenancy/read.ts';
import { createNearOf, type NearOf } from './topology/nearness.ts';
import { type WindowOfPool, windowsOf } from './windows.ts';

/** A gang with its pods by member key. */
export interface QueuedGang {
  readonly gang: Gang;
  readonly pods: ReadonlyMap<string, Pod>;
  /** Gated pods of the gang that ask for no device: they go with it, to wherever kube-scheduler likes. */
  readonly unplanned: readonly Pod[];
  /** Key of the gang that must be out before this pod of it is planned. */
  readonly follows?: string;
}

/** What one pass knows. */
export interface Facts extends TenancyFacts, Pick<HeldFacts, 'running'> {
  readonly nodes: readonly NodeFacts[];
  readonly held: readonly Holding[];
  readonly queue: readonly QueuedGang[];
  /** Releases that the cache does not show yet: they hold their room, and no gated pod of them is in the queue. */
  readonly sent: readonly SentRelease[];
  readonly policy: PolicyName;
  /** Released pods that kube-scheduler could not bind in time: they no longer hold their room. */
  readonly overdue: readonly Pod[];
  /** Gangs that were released and do not run whole in time. */
  readonly partial: readonly PartialGang[];
  /** Milliseconds until the first released pod is late. */
  readonly dueMillis: number;
  /** The shortest time that a pool gives released pods to be bound. */
  readonly bindTimeoutMillis: number;
  /** Released pods that are on their way to their node. */
  readonly promised: readonly Pod[];
  /** Claims and devices of dynamic resource allocation. */
  readonly dra: DraFacts;
  /** Released pods whose condition still says that they wait. */
  readonly notices: readonly Pod[];
  /** Gangs for which others were evicted and whose place is held. */
  readonly nominees: readonly Nominee[];
  /** Pods that are being moved for gangs that wait. */
  readonly moves: MoveFacts;
  /** Pools in which pods that come wait for each other. */
  readonly windows: WindowOfPool;
  readonly pools: readonly string[];
  readonly tenants: readonly string[];
}

/** What is known beside the cache. */
export interface Remembered {
  /** Pods that may be released although the cache shows their gates. */
  readonly sentByUid?: SentByUid;
  /** Claims that may be allocated although the cache does not show it. */
  readonly sentClaims?: SentAllocations;
  /** How long pods ran that are gone. */
  readonly runs?: Runs;
}

/** Reads the world from the cache. */
export function observe(
  reader: Reader,
  now: Date,
  { sentByUid = new Map(), sentClaims = new Map(), runs }: Remembered = {},
): Facts {
  const pools = reader.list(kinds.GPUPool);
  const tenants = reader.list(kinds.Tenant);
  const tenantOf = createTenantOf(tenants);
  const released = inState(reader, 'released');
  const gated = inState(reader, 'gated');
  const poolsOf = createPoolClaims(pools);
  const poolOf = (name: string): GPUPool | undefined => {
    const node = reader.get(Node, { name });
    return node === undefined ? undefined : poolsOf(node)[0];
  };
  const dra = observeDra(reader, { now, tenantOf, released, gated, poolOf, sent: sentClaims });
  const { nodes, pooled } = readNodes(reader, pools, dra);
  const ruleOf = createRuleOf(pools, nodes);
  const overdue = released.filter((pod) => isOverdue(pod, now, ruleOf(pod)));
  const late = new Set(overdue);
  const promised = released.filter((pod) => !late.has(pod));
  const sent = gated.map((pod) => sentByUid.get(pod.metadata.uid ?? '')).filter((one) => one !== undefined);
  const bound = inState(reader, 'bound');
  const nodeOf = (pod: Pod) => pod.spec?.nodeName ?? sentByUid.get(pod.metadata.uid ?? '')?.node ?? pinnedNode(pod);
  const queue = {
    gated: gated.filter((pod) => !sentByUid.has(pod.metadata.uid ?? '')),
    isOut: (pod: Pod) => !isGated(pod) || sentByUid.has(pod.metadata.uid ?? ''),
    constraintOf: createConstraintOf(pooled),
    nearOf: createNearOf({ pools, nodes, nodeOf }),
    tenantOf,
    dra,
    hasPools: pools.length > 0,
    freezes: freezesOf(tenants, now.getTime()),
    runTimesOf: createRunTimesOf(reader, runs),
  };
  const held = [
    ...bound.map((pod) => holding(pod, pod.spec?.nodeName, tenantOf)),
    ...promised.map((pod) => holding(pod, pinnedNode(pod), tenantOf, dra)),
    ...sent.map(({ pod, node }) => holding(pod, node, tenantOf, dra)),
    ...dra.held,
  ].filter((one) => one !== undefined);
  const gangs = readQueue(reader, queue);
  const nominees = nomineesOf(gangs, now.getTime());
  const moves = readMoves(reader, { pools, queue: gangs, nominees, now: now.getTime() });
  const heldNow = heldFacts([...bound, ...promised], now.getTime(), queue.runTimesOf);
  return {
    ...readTenancy({
      ...{ pools, tenants, nodes, held, now: now.getTime() },
      ...heldNow,
      gpus: gpusByPool(nodes, pooled),
    }),
    nodes,
    held: [...held, ...moves.held],
    queue: gangs,
    nominees: [...nominees, ...moves.nominees],
    moves,
    windows: windowsOf(pools),
    running: heldNow.running,
    sent,
    policy: packing(pools),
    overdue,
    promised,
    dra,
    dueMillis: Math.min(dueMillis(promised, now, ruleOf), dra.dueMillis),
    partial: partialGangs({ reader, released, bound, ruleOf, now }),
    bindTimeoutMillis: Math.min(...pools.map((pool) => bindRule(pool).timeoutMillis), USUAL_BIND_RULE.timeoutMillis),
    notices: inState(reader, 'notice'),
    pools: pools.map((pool) => pool.metadata.name),
    tenants: tenants.map((tenant) => tenant.metadata.name),
  };
}

function inState(reader: Reader, state: PodState): readonly Pod[] {
  return reader.list(PodKind, { index: { name: PODS_BY_STATE, value: state } });
}

/** Nodes of pools, by name: the order that settles ties must not depend on the cache. */
function readNodes(reader: Reader, pools: readonly GPUPool[], dra: DraFacts): { nodes: NodeFacts[]; pooled: Node[] } {
  const claims = createPoolClaims(pools);
  const nodes: NodeFacts[] = [];
  const pooled: Node[] = [];
  for (const node of [...reader.list(Node)].sort(byName)) {
    const [pool] = claims(node);
    if (pool === undefined) continue;
    nodes.push(nodeFacts(node, pool.metadata.name, dra.offerOf(node.metadata.name ?? '', pool)));
    pooled.push(node);
  }
  return { nodes, pooled };
}

function byName(left: Node, right: Node): number {
  return (left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1;
}

function isOverdue(pod: Pod, now: Date, { timeoutMillis }: BindRule): boolean {
  const at = planTime(pod.metadata.labels?.[PLAN_LABEL]);
  return at !== undefined && now.getTime() - at > timeoutMillis && wasRefused(pod);
}

function dueMillis(promised: readonly Pod[], now: Date, ruleOf: (pod: Pod) => BindRule): number {
  const left = promised.map((pod) => {
    const at = planTime(pod.metadata.labels?.[PLAN_LABEL]) ?? 0;
    return at + ruleOf(pod).timeoutMillis - now.getTime();
  });
  // What is late already stays so until something changes.
  return left.filter((millis) => millis >= 0).reduce((least, millis) => Math.min(least, millis), seconds(60));
}

/** The rule of the pool of the node that a pod was released to. */
function createRuleOf(pools: readonly GPUPool[], nodes: readonly NodeFacts[]): (pod: Pod) => BindRule {
  const rules = new Map(pools.map((pool) => [pool.metadata.name, bindRule(pool)]));
  const poolOf = new Map(nodes.map(({ name, pool }) => [name, pool]));
  return (pod) => rules.get(poolOf.get(pod.spec?.nodeName ?? pinnedNode(pod) ?? '') ?? '') ?? USUAL_BIND_RULE;
}

/** CPU, memory and devices of a pod, for the planner. Of what claims hold, the claims are counted. */
export function demandOf(pod: Pod, dra?: DraFacts, node?: string): Demand {
  const { cpuMilli, memoryMiB, devices } = podRequests(pod);
  const backed = backedResources(pod);
  const own = devices.filter(({ resource }) => !backed.has(resource));
  const gpus = own.map((device) => ({ kind: 'devices', ...device }) as const);
  return { cpuMilli, memoryMiB, gpus: [...gpus, ...(dra === undefined ? [] : devicesOn(dra.needsOf(pod), node))] };
}

/** Holdings by pod: cached pods never change, and a pass with thousands of them is mostly this. */
const holdings = new WeakMap<Pod, Holding>();

function holding(pod: Pod, node: string | undefined, tenantOf: TenantOf, dra?: DraFacts): Holding | undefined {
  if (node === undefined) return undefined;
  const tenant = tenantOf(pod.metadata.namespace ?? '');
  const known = holdings.get(pod);
  // Only what claims still need changes without the pod.
  const claims = (pod.spec?.resourceClaims?.length ?? 0) > 0 ? dra : undefined;
  const demand = known === undefined || claims !== undefined ? demandOf(pod, claims, node) : known;
  const sameGpus = known?.gpus === demand.gpus || JSON.stringify(known?.gpus) === JSON.stringify(demand.gpus);
  if (known?.node === node && known.tenant === tenant && sameGpus) return known;
  const made = { ...demand, key: keyText(pod), node, tenant };
  holdings.set(pod, made);
  return made;
}

function gpusByPool(nodes: readonly NodeFacts[], pooled: readonly Node[]): ReadonlyMap<string, number> {
  const gpus = new Map<string, number>();
  for (const [at, node] of pooled.entries()) {
    const pool = nodes[at]?.pool ?? '';
    gpus.set(pool, (gpus.get(pool) ?? 0) + (nodes[at]?.room?.gpus ?? nodeGpus(node).physical));
  }
  return gpus;
}

function packing(pools: readonly GPUPool[]): PolicyName {
  const bestFit = pools.length > 0 && pools.every((pool) => pool.spec.scheduling?.packing === 'BestFit');
  return bestFit ? 'best-fit' : 'gpuopt';
}

/** What the queue is read from. */
interface QueueSource {
  readonly gated: readonly Pod[];
  /** Whether a member of a gang no longer waits: it has no gate, or its release was sent. */
  readonly isOut: (pod: Pod) => boolean;
  readonly constraintOf: ConstraintOf;
  readonly nearOf: NearOf;
  readonly tenantOf: TenantOf;
  readonly dra: DraFacts;
  readonly hasPools: boolean;
  readonly runTimesOf: RunTimesOf;
  /** Why nothing new of a tenant may start, by tenant. */
  readonly freezes: ReadonlyMap<string, HeldBack>;
}

function readQueue(reader: Reader, source: QueueSource): readonly QueuedGang[] {
  return formGangs(source.gated, { reader, isOut: source.isOut }).map((formed) => readGang(formed, source));
}

function readGang(formed: Formed, source: QueueSource): QueuedGang {
  const { constraintOf, dra, nearOf, tenantOf, hasPools } = source;
  const { key, pods: gated, urgent, heldBack } = formed;
  const pods = new Map([...gated].sort(bySize).map((pod) => [keyText(pod), pod]));
  const members: Member[] = [];
  const unplanned: Pod[] = [];
  for (const [member, pod] of pods) {
    const needs = dra.needsOf(pod);
    const demand = demandOf(pod, dra);
    if (demand.gpus.length === 0 && needs.where === undefined) {
      unplanned.push(pod);
      continue;
    }
    const where = both(constraintOf(pod), needs.where);
    const near = nearOf(pod, where, formed);
    const asked = { key: member, ...demand, where, near, tolerations: pod.spec?.tolerations };
    members.push(needs.orElse === undefined ? asked : { ...asked, orElse: alternatives(pod, needs.orElse, source) });
  }
  const first = gated[0];
  const tenant = tenantOf(first?.metadata.namespace ?? '');
  const frozen = urgent ? undefined : source.freezes.get(tenant ?? '');
  const gang: Gang = {
    key,
    tenant,
    priority: urgent ? STARTED_PRIORITY : Math.max(...gated.map((pod) => pod.spec?.priority ?? 0)),
    since: Math.min(...gated.map((pod) => Date.parse(pod.metadata.creationTimestamp ?? ''))),
    members,
    heldBack:
      foreignHold(gated) ?? heldBack ?? claimsHold(gated, dra) ?? (hasPools || members.length === 0 ? frozen : noPool),
    runs: source.runTimesOf(gated),
    evictable: gated.every(isEvictable),
    preempts: gated.every((pod) => pod.spec?.preemptionPolicy !== 'Never'),
  };
  return { gang, pods, unplanned, follows: formed.follows };
}

/** A pod's alternatives with all else that it asks for. */
function alternatives(pod: Pod, orElse: readonly Alternative[], source: QueueSource): readonly Alternative[] {
  const own = demandOf(pod).gpus;
  return orElse.map(({ gpus, where }) => ({ gpus: [...own, ...gpus], where: both(source.constraintOf(pod), where) }));
}

/** Why the claims of one of these pods keep the gang from being planned. */
function claimsHold(gated: readonly Pod[], { needsOf }: DraFacts): HeldBack | undefined {
  return gated.map((pod) => needsOf(pod).heldBack).find((hold) => hold !== undefined);
}

const noPool: HeldBack = {
  blocker: 'Policy',
  sentence:
    'there is no GPUPool, and pods are placed on the nodes of pools only; create a GPUPool that selects the GPU nodes',
};

function foreignHold(gated: readonly Pod[]): HeldBack | undefined {
  const names = [...new Set(gated.flatMap(foreignGates))].sort();
  if (names.length === 0) return undefined;
  const sentence = `other controllers hold it with the scheduling gate ${names.join(', ')}; it is released once they let go`;
  return { blocker: 'ForeignGate', sentence, need: 0, have: names.length };
}

/** Large members first, so that the small ones fill what they leave; equals by name. */
function bySize(left: Pod, right: Pod): number {
  const devices = (pod: Pod): number =>
    podRequests(pod).devices.reduce((sum, { count }) => sum + count, claimsOfPod(pod).length);
  return devices(right) - devices(left) || (keyText(left) < keyText(right) ? -1 : 1);
}
