/**
 * The planner's contract: what it is told and what it answers.
 *
 * Everything is a plain value. GPU amounts are integers in thousandths of one GPU ("milli"), CPU in thousandths of a
 * core, memory in MiB. Capacity is what a node offers in total; everything that takes room is a `Holding`, so nothing
 * is counted twice and nothing is counted that nobody holds.
 */

import type { DeviceRoomFacts } from './device-room.ts';

/** Thousandths of one GPU in a whole GPU. */
export const MILLI_PER_GPU = 1000;

/** The resource name under which the NVIDIA device plugin advertises whole, unshared GPUs. */
export const WHOLE_GPU = 'nvidia.com/gpu';

/** A taint on a node, as in core/v1. */
export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** A toleration of a pod, as in core/v1 (`operator` defaults to Equal). */
export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

/** The physical GPUs of a node that are not cut into MIG devices, all shared in the same way. */
export interface NodeGpus {
  /** Number of physical GPUs that can be used (allocatable, so an unhealthy one is already missing). */
  readonly count: number;
  /** Resource name they are advertised under: `nvidia.com/gpu`, or `nvidia.com/gpu.shared` where renamed. */
  readonly resource: string;
  /** Time-slicing or MPS replicas for each GPU; 1 means exclusive. One replica is floor(1000 / replicas) milli. */
  readonly replicas: number;
}

/** A resource that is counted by name on a node, such as `nvidia.com/mig-1g.10gb`. */
export interface NamedResource {
  readonly name: string;
  /** How many the node advertises as allocatable. */
  readonly count: number;
  /** What one of them is worth in thousandths of a GPU; for MIG max(compute/7, memory/8), see pools/mig. */
  readonly milliEach: number;
}

/** What a node offers when nothing runs on it (allocatable). */
export interface NodeFacts {
  readonly name: string;
  /** GPU model as in the label `nvidia.com/gpu.product`; empty where there is no GPU. */
  readonly model: string;
  /** GPUPool of the node; undefined where no pool selects it. */
  readonly pool?: string;
  readonly cpuMilli: number;
  readonly memoryMiB: number;
  /** How many pods the node takes; undefined means no limit is known. */
  readonly pods?: number;
  readonly gpus: NodeGpus;
  readonly resources: readonly NamedResource[];
  /** Devices that share counters, handed out one by one (DRA); their resources are among `resources`, with what fits at most. */
  readonly room?: DeviceRoomFacts;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** False while cordoned, not ready, unhealthy or about to leave: nothing is placed, what runs still counts. */
  readonly schedulable: boolean;
  /** Why it is not schedulable, in a few words ("cordoned", "driver upgrade"). */
  readonly unschedulableReason?: string;
}

/** One thing a pod asks of a node's GPUs. */
export type GpuDemand =
  /** `count` devices of an extended resource: whole GPUs, time-slices or MIG devices, by the name advertised. */
  | { readonly kind: 'devices'; readonly resource: string; readonly count: number }
  /** A part of one exclusive GPU in thousandths, 1..999 (traces; device plugins cannot express it). */
  | { readonly kind: 'share'; readonly milli: number };

/** The GPUs of a pool, or those of one model among them. */
export interface PoolPart {
  readonly pool: string;
  /** As in `NodeFacts`; undefined means all. */
  readonly model?: string;
}

/** Where a pod may run. Every field that is present must hold; an empty object allows every node. */
export interface NodeConstraint {
  /** Names of the nodes that pass the pod's nodeSelector and required affinity, where labels alone cannot say it. */
  readonly names?: readonly string[];
  /** Labels the node must carry with exactly these values (a nodeSelector). */
  readonly labels?: Readonly<Record<string, string>>;
  /** GPU models allowed. */
  readonly models?: readonly string[];
  /** Parts of pools that are not allowed. */
  readonly outside?: readonly PoolPart[];
  /** What narrows it beside the pod's selector and affinity, for people. */
  readonly because?: string;
}

/** What one pod asks for. */
export interface Demand {
  readonly cpuMilli: number;
  readonly memoryMiB: number;
  /** Empty for a pod without GPUs. */
  readonly gpus: readonly GpuDemand[];
}

/**
 * How near each other some members of a gang are to be. A domain of a level is the nodes with equal values of the labels
 * of that level and of those before it; a node without one of these labels is in no domain.
 */
export interface Nearness {
  /** Members with the same name are to be near each other. */
  readonly set: string;
  /** Label keys, widest domain first. */
  readonly levels: readonly string[];
  /** The one of the levels in one domain of which all must be. */
  readonly required?: string;
  /** The one of the levels in one domain of which all should be, else in one of a wider level; the last unless given. */
  readonly preferred?: string;
  /** Nodes of members that are placed already: the others go to the same domain. */
  readonly beside?: readonly string[];
}

/** One pod of a gang. */
export interface Member extends Demand {
  /** Unique key of the pod, for example namespace/name. */
  readonly key: string;
  readonly where?: NodeConstraint;
  readonly near?: Nearness;
  readonly tolerations?: readonly Toleration[];
  /** Other devices that serve it as well, tried in this order where those of `gpus` find no place. */
  readonly orElse?: readonly Alternative[];
}

/** Other devices that a pod can do with, and where these may be. */
export type Alternative = Pick<Member, 'gpus' | 'where'>;

/** Room that is taken: a bound pod, or one released and not yet bound. */
export interface Holding extends Demand {
  /** Unique key of the pod, for example namespace/name. */
  readonly key: string;
  readonly node: string;
  /** Tenant charged for it; undefined when no tenant owns it. */
  readonly tenant?: string;
  /** Indexes of the GPUs it sits on where known (traces); otherwise the planner assumes the tightest fit. */
  readonly gpuIndexes?: readonly number[];
  /** Names of the devices that it holds in the room of its node where known (DRA). */
  readonly devices?: readonly string[];
  /** 0 for what is no pod, such as a claim: it takes none of the pods that the node may have. */
  readonly pods?: 0;
}

/** A reason outside the planner's sight for which a gang must not be planned now. */
export interface HeldBack {
  readonly blocker: Extract<
    Blocker,
    'Data' | 'ForeignGate' | 'Policy' | 'Budget' | 'Window' | 'Reservation' | 'Capacity'
  >;
  /** One sentence for the user that names what holds and how to lift it. */
  readonly sentence: string;
  readonly need?: number;
  readonly have?: number;
}

/** Pods that start together or not at all. A single pod is a gang of one. */
export interface Gang {
  readonly key: string;
  readonly tenant?: string;
  /** Higher goes first. */
  readonly priority: number;
  /** Milliseconds since the epoch at which it began to wait; older goes first among equals. */
  readonly since: number;
  readonly members: readonly Member[];
  readonly heldBack?: HeldBack;
  /** How long it is expected to run; undefined when nothing is known, and then it is taken to run for ever. */
  readonly runs?: RunTime;
  /** Whether its pods may be evicted once they run; true unless they ask not to be disturbed. */
  readonly evictable?: boolean;
  /** Whether it may evict others (`preemptionPolicy` of its pods). */
  readonly preempts?: boolean;
}

/** How long pods run, in milliseconds: half of them end by p50, nine of ten by p90. */
export interface RunTime {
  readonly p50: number;
  readonly p90: number;
  /** `declared` by the pods, learned from their owner's `history`, or `low` where little is known. */
  readonly basis: 'declared' | 'history' | 'low';
}

/** How much one tenant may hold, in thousandths of a GPU; what it holds is the sum over `held`. */
export interface Quota {
  readonly tenant: string;
  /** Only nodes of this pool count; undefined covers every node. */
  readonly pool?: string;
  /** The most that it may hold; Infinity where there is no limit. */
  readonly limitMilli: number;
  /** What it gets before anybody borrows; 0 unless given. */
  readonly guaranteedMilli?: number;
  /** Its part of what is borrowed, beside those of others; 1 unless given. */
  readonly weight?: number;
  /** Whether it may hold more than it is guaranteed; true unless given. */
  readonly borrows?: boolean;
  /** How much of its guarantee others may borrow while it is idle; all unless given. */
  readonly lendMilli?: number;
  /** Priorities of its gangs above this one count as this one. */
  readonly maxPriority?: number;
  /** GPUs of some models that it may hold in the pool beside all of this: they count against nothing here. */
  readonly booked?: readonly BookedModel[];
  /** What `limitMilli` stands for; its own limit unless given. */
  readonly bound?: 'limit' | 'guarantee' | 'lending';
}

/** GPUs of one model that a booking which runs gives to a tenant. */
export interface BookedModel {
  readonly model: string;
  readonly milli: number;
}

/** Names of the policies that this version can plan with. */
export const POLICY_NAMES = ['best-fit', 'fgd', 'gpuopt'] as const;

/** Name of a packing policy. */
export type PolicyName = (typeof POLICY_NAMES)[number];

/** How many pods of a shape were seen; the fragmentation measure weighs shapes by it. */
export interface ShapeCount {
  readonly cpuMilli: number;
  readonly gpus: readonly GpuDemand[];
  readonly models?: readonly string[];
  readonly count: number;
  /** What gpuopt learned that the fleet gives up for one more of it, in thousandths of a GPU. */
  readonly priceMilli?: number;
}

/** How to choose among the nodes that fit. */
export interface PlanPolicy {
  readonly name: PolicyName;
  /** Shuffles the node order that settles ties; without it ties go to the first node in input order. */
  readonly seed?: number;
  /**
   * Pods known by shape (see `countShapes`): FGD measures fragmentation by the shapes that cover 95 % of them, gpuopt
   * makes its first prices from them and learns on from arrivals.
   */
  readonly typical: readonly ShapeCount[];
}

/** GPUs, CPU and memory. */
export interface Amounts {
  readonly gpuMilli: number;
  readonly cpuMilli: number;
  readonly memoryMiB: number;
}

/** What a tenant used of a pool on average up to now, recent use weighing more; see shares.ts. */
export interface AverageUse {
  readonly tenant: string;
  readonly pool: string;
  readonly average: Amounts;
}

/** GPUs of a pool that are kept for a tenant from `start` to `end`, in milliseconds since the epoch. */
export interface Booking extends PoolPart {
  readonly name: string;
  readonly tenant: string;
  readonly milli: number;
  readonly start: number;
  readonly end: number;
  /** Whether gangs that may be evicted at its start may run into it. */
  readonly preemptible: boolean;
}

/** How tenants share pools over time. */
export interface Tenancy {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly usage: readonly AverageUse[];
  /** Weight of tenants without a quota by pool; 1 where it is missing. */
  readonly weights: ReadonlyMap<string, number>;
  /** Pools in which pods of tenants that borrow may be evicted. */
  readonly reclaims: ReadonlySet<string>;
  readonly bookings: readonly Booking[];
  /** When pods that hold room are expected to end at the latest (p90), by key; one that is missing never ends. */
  readonly ends: ReadonlyMap<string, number>;
  /** Pods that hold room and must not be evicted, by key. */
  readonly fixed: ReadonlySet<string>;
}

/** Whose pods may be evicted for a gang that finds no room, see preempt.ts. */
export type PreemptionPolicy = 'Never' | 'BorrowedFirst' | 'Priority';

/** A gang that runs and lets itself be evicted, whole or not at all. */
export interface Victim {
  readonly gang: string;
  readonly tenant?: string;
  /** The highest of its pods. */
  readonly priority: number;
  /** Its pods, each with the PodDisruptionBudgets that watch over it. */
  readonly pods: readonly { readonly key: string; readonly budgets: readonly string[] }[];
  /** Work that is lost with it: the minutes that its pods have run. */
  readonly podMinutes: number;
}

/** A gang for which others were evicted, and the nodes that were cleared for its pods, by key. */
export interface Nominee {
  readonly gang: string;
  readonly nodes: ReadonlyMap<string, string>;
}

/** Everything one plan depends on. */
export interface PlanInput {
  readonly nodes: readonly NodeFacts[];
  readonly held: readonly Holding[];
  /** Gangs in the order in which they are tried; sort with `byPriorityThenAge`. */
  readonly queue: readonly Gang[];
  readonly quotas: readonly Quota[];
  /** How tenants share pools over time; without it gangs are tried in the order of the queue. */
  readonly tenancy?: Tenancy;
  /** Gangs for which others were evicted, in the order in which that was. */
  readonly nominees?: readonly Nominee[];
  readonly policy: PlanPolicy;
  /** How much is explained of what waits: nothing, the blocker, or the blocker and what would help. */
  readonly explain?: 'nothing' | 'blocker' | 'full';
}

/** One pod and the node it goes to. */
export interface Placement {
  readonly gang: string;
  readonly member: string;
  readonly node: string;
  /** Thousandths of a GPU that it takes there. */
  readonly gpuMilli: number;
  /** GPUs chosen on the node, by index; a device plugin may choose others. */
  readonly gpuIndexes: readonly number[];
  /** Devices chosen in the node's room, in the order of the demands. */
  readonly devices: readonly ChosenDevice[];
  /** What it took, where that is one of the member's alternatives. */
  readonly instead?: readonly GpuDemand[];
}

/** A device chosen in a node's room. */
export interface ChosenDevice {
  readonly name: string;
  readonly resource: string;
}

/** What can keep a gang waiting, most dominant first. */
export const BLOCKERS = [
  'Data',
  'ForeignGate',
  'Policy',
  'Budget',
  'Window',
  'Quota',
  'Reservation',
  'Health',
  'Topology',
  'Shape',
  'Capacity',
] as const;

/** One kind of reason to wait. */
export type Blocker = (typeof BLOCKERS)[number];

/** A change that would let the gang start now, found by planning again with it. */
export interface Counterfactual {
  readonly kind: 'limit' | 'health' | 'constraint' | 'topology' | 'fewer-pods' | 'nodes';
  /** How much of it: milli-GPU for limit, pods for fewer-pods, nodes for health and nodes; 0 for constraint. */
  readonly amount: number;
  /** The change in words, to follow "fits with". */
  readonly change: string;
}

/** Why one gang waits. */
export interface Answer {
  readonly gang: string;
  readonly blocker: Blocker;
  /** Other blockers that also fail, where lifting the first alone would not help. */
  readonly also: readonly Blocker[];
  /** What is needed and what there is, in `unit`. */
  readonly need: number;
  readonly have: number;
  readonly unit: 'gpu-milli' | 'devices' | 'cpu-milli' | 'memory-mib' | 'pods' | 'nodes' | 'none';
  /** One sentence for the user. */
  readonly sentence: string;
  /** Cheapest first; empty unless `explain` is full or when nothing known helps. */
  readonly counterfactuals: readonly Counterfactual[];
}

/** Totals after the plan. */
export interface PlanNumbers {
  /** Gangs and pods placed and waiting. */
  readonly placedGangs: number;
  readonly placedPods: number;
  readonly waitingGangs: number;
  readonly waitingPods: number;
  /** Capacity and what is held after the plan, in thousandths of a GPU. */
  readonly capacityMilli: number;
  readonly allocatedMilli: number;
  /** Idle GPU thousandths that typical pods cannot use (FGD's F), and its share of what is idle, 0..1. */
  readonly fragmentedMilli: number;
  readonly fragRatio: number;
}

/** The plan. */
export interface PlanOutput {
  readonly place: readonly Placement[];
  readonly waiting: readonly Answer[];
  readonly numbers: PlanNumbers;
}
