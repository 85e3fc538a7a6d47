import type { CustomResource, Int32, Label, LabelSelector, LabelValue, Name, Seconds, Timestamp } from '../common.ts';
import type { Defragmentation } from './gpu-pool-defragmentation.ts';
import type { MIGSharing } from './gpu-pool-mig.ts';
import type { PoolHealth, PoolTaint, Reconfiguration } from './gpu-pool-nodes.ts';
import type { GPUPoolStatus } from './gpu-pool-status.ts';

/**
 * GPUPool is a set of GPU nodes that are shared in one way and scheduled together.
 * @resource plural=gpupools singular=gpupool shortNames=gpool categories=gpuopt scope=Cluster
 * @column Name=World type=string path=.status.world description="Which NVIDIA stack hands out the GPUs"
 * @column Name=Nodes type=integer path=.status.capacity.nodes description="Nodes that the pool selects"
 * @column Name=GPUs type=integer path=.status.capacity.gpus description="Physical GPUs of these nodes"
 * @column Name=Allocated type=integer path=.status.allocated.gpus description="GPUs in use, rounded up"
 * @column Name=Waiting type=integer path=.status.waiting.pods description="Pods that wait for this pool"
 * @column Name=Ready type=string path=.status.conditions[?(@.type=="Ready")].status description="Whether this generation is in force"
 * @column Name=Reason type=string path=.status.conditions[?(@.type=="Ready")].reason description="Why"
 * @column Name=Age type=date path=.metadata.creationTimestamp description="Time since creation"
 * @column Name=Message type=string path=.status.conditions[?(@.type=="Ready")].message priority=1 description="Details"
 * @condition Ready=True NodesCounted -- the nodes of the pool are counted and planned with
 * @condition Ready=True NoNodeSelected -- no node carries the labels of spec.nodes.selector, or older pools keep them all
 * @condition NodesExclusive=True NoConflict -- no other pool selects these nodes
 * @condition NodesExclusive=False NodeConflict -- older pools keep nodes that this one selects; narrow one of the selectors
 * @condition SharingInSync=True NothingExpected -- spec.sharing is not set, so whatever the nodes advertise is accepted
 * @condition SharingInSync=True NodesMatch -- every node advertises what spec.sharing says
 * @condition SharingInSync=False NodesDiffer -- nodes advertise something else; with spec.reconfiguration they are changed, one after another, else change the device plugin's configuration or spec.sharing
 * @condition SharingInSync=False LayoutImpossible -- spec.sharing asks for what the GPUs of a node cannot be cut into; the message names the node and the limit
 * @condition WorldSupported=True OneWorld -- at most one of NVIDIA's two stacks is installed
 * @condition WorldSupported=False WorldsMixed -- ClusterPolicy and GPUCluster are both installed, which NVIDIA does not support; nothing is written until one is gone
 * @condition SharingConfigurable=True NothingToConfigure -- the pool asks for nothing that this operator would have to configure
 * @condition SharingConfigurable=True ConfigMapsNamed -- NVIDIA's ClusterPolicy names the ConfigMaps that this operator writes
 * @condition SharingConfigurable=False WorldReadOnly -- the nodes are not run by the device plugin of NVIDIA's GPU Operator, so their sharing is read and never changed
 * @condition SharingConfigurable=False ClusterPolicyNotFound -- there is no ClusterPolicy cluster-policy, which says where NVIDIA's components read their configuration
 * @condition SharingConfigurable=False OperandsNotFound -- no pod of NVIDIA's device plugin runs, so the namespace for the configuration is not known
 * @condition SharingConfigurable=False MixedStrategyNeeded -- MIG devices can only be told apart with spec.mig.strategy mixed in the ClusterPolicy
 * @condition SharingConfigurable=False LayoutsNotMounted -- spec.migManager.config.name of the ClusterPolicy must name gpuoptimizer-mig-layouts; until then only NVIDIA's own all-* layouts are used
 * @condition SharingConfigurable=False PluginConfigNotMounted -- spec.devicePlugin.config.name of the ClusterPolicy must name gpuoptimizer-device-plugin; until then time-slicing and MPS are not changed
 * @condition Reconfigured=True NothingPending -- no node is being changed, and none has to be
 * @condition Reconfigured=Unknown InProgress -- nodes are being changed; status.reconfiguring lists them
 * @condition Reconfigured=Unknown Waits -- nodes have to be changed and wait; the message says for what
 * @condition Reconfigured=False NodesDegraded -- a change and its undoing both failed; the nodes stay cordoned until a person looks at them
 * @condition NodesHealthy=True AllHealthy -- every node of the pool can take pods
 * @condition NodesHealthy=False NodesUnhealthy -- nothing new is placed on the nodes that the message names
 * @event Normal GPUNodeReconfigurationStarted -- on a node: its GPUs are about to be shared in another way
 * @event Normal GPUNodeReconfigured -- on a node: it advertises what was wanted and takes pods again
 * @event Warning GPUNodeReconfigurationUndone -- on a node: it was given up before anything was changed, and why
 * @event Warning GPUNodeReconfigurationRolledBack -- on a node: the new way to share did not come up, and the previous one stands again
 * @event Warning GPUNodeReconfigurationHealed -- on a node: NVIDIA's mig-manager stood still and was started again
 * @event Warning GPUNodeDegraded -- on a node: neither the new nor the previous way to share came up; it stays cordoned
 * @event Warning GPUNodeUnhealthy -- on a node: nothing new is placed on it, and why
 * @event Normal GPUNodeHealthy -- on a node: it was well for spec.health.quietSeconds and takes pods again
 * @event Warning GPUPoolNodeConflict -- nodes also belong to an older pool, which keeps them
 * @event Warning GPUPoolAllocatorUnserved -- devices cannot be kept from kube-scheduler in this cluster, so none is allocated by the operator
 * @event Warning GPUClaimRefused -- on a pod: devices were chosen for it, but its claim could not be allocated
 * @event Normal GPUPlanWaiting -- on a pod: it waits, and for what
 * @event Warning GPUPlanBindTimeout -- on a pod: kube-scheduler refused the chosen node for more than a minute, so its place is given to others
 * @event Warning GPUGangIncomplete -- on a pod: a part of its gang holds GPUs and a part is missing or not bound in time
 * @event Warning GPUGangEvicted -- on a pod: its gang was not bound whole in time, so all of it is taken back to be planned again
 * @condition QuotaFeasible=True GuaranteesFit -- what tenants are guaranteed in the pool adds up to no more than it has
 * @condition QuotaFeasible=False GuaranteesShrunk -- more is guaranteed than the pool has, so every guarantee counts in proportion; add nodes or lower guarantees
 * @condition ReservationsValid=True ReservationsReadable -- every reservation has times that can be read, and the pool has the GPUs of its model
 * @condition ReservationsValid=False ReservationsExceedPool -- a reservation is of a model of which the pool has fewer GPUs, or none, or those that run at the same time within the next two weeks keep more than there is; the message names them
 * @condition ReservationsValid=False ReservationsUnreadable -- a reservation is left out, because its cron or timeZone means nothing; the message names it
 * @event Normal GPUPreempting -- on a pod: others that the message names are evicted to make its place
 * @event Warning GPUPreempted -- on a pod: it is evicted for the pods that the message names, and why it and not another
 * @event Warning GPUPreemptionFailed -- on a pod: those that were evicted for it did not go in time, or a PodDisruptionBudget held them
 * @event Normal GPURoomMade -- on a pod: pods that the message names are moved, so that it finds room in one piece
 * @event Normal GPUPodMoved -- on a pod: it is evicted so that its successor runs on another node, where room is held for it, and for whom
 * @event Warning GPUMoveBlocked -- on a pod: it was to be moved and a PodDisruptionBudget keeps it
 * @event Warning GPUPlanReleaseRefused -- on a pod: it has a place, but its gate could not be removed
 */
export interface GPUPool extends CustomResource<GPUPoolSpec, GPUPoolStatus> {}

/**
 * GPUPoolSpec says which nodes belong to the pool and how they are used.
 * @rule !has(self.reservations) || !has(self.nodes.selector.matchLabels) || !('nvidia.com/gpu.product' in self.nodes.selector.matchLabels) || self.reservations.all(each, !has(each.model) || self.nodes.selector.matchLabels['nvidia.com/gpu.product'] == each.model || self.nodes.selector.matchLabels['nvidia.com/gpu.product'].startsWith(each.model + '-SHARED') || self.nodes.selector.matchLabels['nvidia.com/gpu.product'].startsWith(each.model + '-MIG-')) -- the pool selects nodes by nvidia.com/gpu.product, and a reservation is of another model: leave its model out or name that one
 */
export interface GPUPoolSpec {
  /** nodes says which nodes belong to the pool; a node belongs to one pool, the oldest that selects it. */
  readonly nodes: PoolNodes;
  /**
   * labels are put on every node of the pool, beside gpuoptimizer.io/pool with the pool's name, and taken away with the pool.
   * @maxProps 32
   * @keys ^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$
   */
  readonly labels?: Readonly<Record<string, LabelValue>>;
  /**
   * taints are put on every node of the pool and taken away with the pool.
   * @maxItems 16
   * @listType map
   * @listKey key
   * @listKey effect
   */
  readonly taints?: readonly PoolTaint[];
  /**
   * sharing is how one GPU is expected to be shared; the condition SharingInSync tells whether the nodes advertise it.
   * Without it the pool accepts whatever its nodes advertise. Nodes are changed only with reconfiguration.
   */
  readonly sharing?: Sharing;
  /** health says what makes a node unfit for new pods, beside what Kubernetes itself says, and what is done about it. */
  readonly health?: PoolHealth;
  /** reconfiguration lets the operator change how the GPUs of the nodes are shared; without it, sharing is only compared. */
  readonly reconfiguration?: Reconfiguration;
  /**
   * scheduling says how pods are placed in the pool.
   * @default {}
   */
  readonly scheduling?: PoolScheduling;
  /** defragmentation moves pods within the pool for others that wait for room in one piece; without it none is moved. */
  readonly defragmentation?: Defragmentation;
  /** tenancy says how tenants share the pool beyond what their own quotas say. */
  readonly tenancy?: PoolTenancy;
  /**
   * reservations are GPUs that are kept for a tenant at a time.
   * @listType map
   * @listKey name
   * @maxItems 64
   */
  readonly reservations?: readonly Reservation[];
}

/** PoolTenancy says how tenants share the pool. */
export interface PoolTenancy {
  /** default is what a tenant has whose quotas do not say otherwise. */
  readonly default?: DefaultQuota;
  /** borrowing says whether tenants may use what others leave idle of their guarantees: Cohort, the default, or None. */
  readonly borrowing?: 'Cohort' | 'None';
  /**
   * halfLifeSeconds is after how long past use weighs half as much when it is decided who borrows next; 0 looks at what is
   * held at the moment only. Without it, a day.
   * @max 31536000
   */
  readonly halfLifeSeconds?: Seconds;
}

/** DefaultQuota is what a tenant has in the pool unless its own quota says otherwise. */
export interface DefaultQuota {
  /**
   * guaranteed is what each tenant gets before anybody borrows, in GPU equivalents; without it, nothing.
   * @min 0
   * @max 1000000
   */
  readonly guaranteed?: Int32;
  /**
   * weight is each tenant's part of what is borrowed; without it, 1.
   * @min 1
   * @max 1000
   */
  readonly weight?: Int32;
}

/**
 * Reservation keeps GPUs of the pool for a tenant, once from startTime or each time that cron says.
 * @rule has(self.startTime) != has(self.cron) -- set either startTime, for one time, or cron, for a time that comes again
 * @rule !has(self.model) || !self.model.matches('-SHARED$|-MIG-') -- model is a GPU model as status.models names it, without what says how it is shared: leave out -SHARED and -MIG-
 * @rule has(self.cron) || !has(self.timeZone) -- timeZone belongs to cron; write the offset into startTime
 */
export interface Reservation {
  /** name tells the reservation from the others of the pool. */
  readonly name: Label;
  /** tenant is the name of the Tenant whose pods get the GPUs. */
  readonly tenant: Name;
  /**
   * gpus is how many GPU equivalents are kept.
   * @min 1
   * @max 1000000
   */
  readonly gpus: Int32;
  /**
   * model is the GPU model that is kept, as status.models names it, for example NVIDIA-H100-80GB-HBM3; without it, GPUs of
   * any model of the pool count.
   */
  readonly model?: LabelValue;
  /** startTime is when the GPUs are there. */
  readonly startTime?: Timestamp;
  /**
   * cron is when the GPUs are there each time, in five fields: minute, hour, day, month and day of week.
   * @minLength 9
   * @maxLength 100
   * @pattern ^[0-9*\/,-]+( +[0-9*\/,-]+){4}$
   */
  readonly cron?: string;
  /**
   * timeZone is the IANA name of the zone of cron; without it, UTC.
   * @minLength 1
   * @maxLength 64
   * @pattern ^[A-Za-z0-9_+\/-]+$
   */
  readonly timeZone?: string;
  /**
   * durationSeconds is for how long the GPUs are kept.
   * @min 60
   * @max 31536000
   */
  readonly durationSeconds: Seconds;
  /**
   * backfill says who may use the GPUs meanwhile: Ending, the default, pods that are expected to end before the start;
   * Preemptible, also pods that spec.scheduling.preemption lets the reservation evict at its start.
   */
  readonly backfill?: 'Ending' | 'Preemptible';
}

/** PoolNodes selects nodes. */
export interface PoolNodes {
  /**
   * selector selects nodes by their labels; an empty selector is refused, because it would take every node.
   * @rule (has(self.matchLabels) && size(self.matchLabels) > 0) || (has(self.matchExpressions) && size(self.matchExpressions) > 0) -- selector must have at least one entry in matchLabels or matchExpressions, for example matchLabels: {nvidia.com/gpu.present: "true"}
   */
  readonly selector: LabelSelector;
}

/** Sharing is one way to share a GPU. */
export type Sharing =
  | { readonly type: 'Exclusive' }
  | {
      readonly type: 'TimeSlicing';
      /** timeSlicing holds the settings of type TimeSlicing. */
      readonly timeSlicing: Replicas;
    }
  | {
      readonly type: 'MPS';
      /** mps holds the settings of type MPS. */
      readonly mps: Replicas;
    }
  | {
      readonly type: 'MIG';
      /** mig says how the GPUs are cut; without it, any cut is accepted and none is made. */
      readonly mig?: MIGSharing;
    }
  | {
      readonly type: 'DRA';
      /** dra says who allocates the devices; without it kube-scheduler does. */
      readonly dra?: DRASharing;
    };

/** DRASharing says who allocates the devices of resource claims. */
export interface DRASharing {
  /**
   * allocator is who chooses devices for the claims of pods: GPUOptimizer writes the allocations itself, which keeps large
   * MIG profiles possible, and keeps kube-scheduler off the pool's devices with a DeviceTaintRule for each node; Scheduler
   * leaves the devices to kube-scheduler and chooses the nodes only.
   * @default "Scheduler"
   */
  readonly allocator?: 'GPUOptimizer' | 'Scheduler';
}

/** Replicas is how many pods share one GPU. */
export interface Replicas {
  /**
   * replicas is the number of pods that share one GPU.
   * @min 2
   * @max 48
   */
  readonly replicas: Int32;
}

/** PoolScheduling says how pods are placed. */
export interface PoolScheduling {
  /**
   * packing is the placement rule: Fragmentation keeps what is left worth most to the pods that come, at prices learned from them; BestFit fills the fullest node, once every pool says so.
   * @default "Fragmentation"
   */
  readonly packing?: 'Fragmentation' | 'BestFit';
  /** topology says how near each other the pods of a gang are placed; without it only what pods ask for counts. */
  readonly topology?: PoolTopology;
  /**
   * gang says what becomes of a gang that was released and of which a part is not bound in time.
   * @default {}
   */
  readonly gang?: PoolGang;
  /**
   * preemption says whose pods may be evicted for a gang that finds no room: Never nobody's; BorrowedFirst, the default,
   * those of tenants that hold more than they are guaranteed, for a tenant that holds less; Priority also those of lower
   * priority, of the same tenant or borrowed.
   */
  readonly preemption?: 'Never' | 'BorrowedFirst' | 'Priority';
  /**
   * window lets pods that come wait for each other, so that the planner chooses the order in which they are placed.
   * Without it each is planned as it comes. Pods that may also run in a pool without a window do not wait.
   */
  readonly window?: PoolWindow;
}

/** PoolWindow says how long pods that come wait for each other. */
export interface PoolWindow {
  /**
   * pods is how many wait at most: once there are so many, all are planned. Without it, 64.
   * @min 2
   * @max 1000
   */
  readonly pods?: Int32;
  /**
   * maxWaitSeconds is how long the first of them waits at most. Without it, 2.
   * @min 1
   * @max 60
   */
  readonly maxWaitSeconds?: Seconds;
}

/** PoolTopology names what nodes can be near each other in. */
export interface PoolTopology {
  /**
   * levels are the keys of node labels whose values name a domain, widest first: for example
   * topology.kubernetes.io/zone, a label for the rack, nvidia.com/gpu.clique. A domain lies within those of the levels before it.
   * @minItems 1
   * @maxItems 8
   * @items.minLength 1
   * @items.maxLength 317
   * @listType atomic
   */
  readonly levels: readonly string[];
  /**
   * default is for gangs whose pods do not ask: Preferred keeps them in the narrowest domain that has room and else spreads
   * them over as few as it can, Required never spreads them over two domains of the first level, Ignored places each pod by itself.
   * @default "Preferred"
   */
  readonly default?: 'Preferred' | 'Required' | 'Ignored';
}

/** PoolGang says what becomes of a gang of which a part is not bound in time. */
export interface PoolGang {
  /**
   * bindTimeoutSeconds is how long the pods of a released gang may take to be bound.
   * @default 60
   * @min 5
   * @max 3600
   */
  readonly bindTimeoutSeconds?: Seconds;
  /**
   * onPartialBind is what follows: Wait only says so, Evict takes the whole gang back, so that its owner makes its pods anew and they are planned again.
   * @default "Wait"
   */
  readonly onPartialBind?: 'Wait' | 'Evict';
}
