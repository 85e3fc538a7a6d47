import type {
  CommonStatus,
  CustomResource,
  Int32,
  Int64,
  LabelSelector,
  LabelValue,
  Percent,
  Seconds,
} from '../common.ts';

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
 * @condition SharingInSync=False NodesDiffer -- nodes advertise something else; change the device plugin's configuration or spec.sharing
 * @condition NodesHealthy=True AllHealthy -- every node of the pool can take pods
 * @condition NodesHealthy=False NodesUnhealthy -- nothing new is placed on the nodes that the message names
 * @event Warning GPUPoolNodeConflict -- nodes also belong to an older pool, which keeps them
 * @event Normal GPUPlanWaiting -- on a pod: it waits, and for what
 * @event Warning GPUPlanBindTimeout -- on a pod: kube-scheduler refused the chosen node for more than a minute, so its place is given to others
 * @event Warning GPUGangIncomplete -- on a pod: a part of its gang holds GPUs and a part is missing or not bound in time
 * @event Warning GPUGangEvicted -- on a pod: its gang was not bound whole in time, so all of it is taken back to be planned again
 * @event Warning GPUPlanReleaseRefused -- on a pod: it has a place, but its gate could not be removed
 */
export interface GPUPool extends CustomResource<GPUPoolSpec, GPUPoolStatus> {}

/** GPUPoolSpec says which nodes belong to the pool and how they are used. */
export interface GPUPoolSpec {
  /** nodes says which nodes belong to the pool; a node belongs to one pool, the oldest that selects it. */
  readonly nodes: PoolNodes;
  /**
   * sharing is how one GPU is expected to be shared; the condition SharingInSync tells whether the nodes advertise it.
   * Without it the pool accepts whatever its nodes advertise.
   */
  readonly sharing?: Sharing;
  /**
   * scheduling says how pods are placed in the pool.
   * @default {}
   */
  readonly scheduling?: PoolScheduling;
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
  | { readonly type: 'MIG' };

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
   * packing is the placement rule: Fragmentation keeps what is left usable for typical pods (FGD), BestFit fills the fullest node.
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

/** GPUPoolStatus is what the pool has and how much of it is in use. */
export interface GPUPoolStatus extends CommonStatus {
  /** world is which NVIDIA stack was found: DevicePlugin, DRA, or Bare when neither ClusterPolicy nor GPUCluster exists. */
  readonly world?: 'DevicePlugin' | 'DRA' | 'Bare';
  /** capacity is what the pool's nodes have. */
  readonly capacity?: PoolCapacity;
  /** allocated is what bound pods hold. */
  readonly allocated?: PoolAllocated;
  /** unhealthy is what the pool has but cannot hand out. */
  readonly unhealthy?: PoolCapacity;
  /**
   * models lists the GPUs by model.
   * @listType map
   * @listKey model
   * @maxItems 64
   */
  readonly models?: readonly PoolModel[];
  /**
   * resources lists the extended resources that the nodes advertise.
   * @listType map
   * @listKey name
   * @maxItems 128
   */
  readonly resources?: readonly PoolResource[];
  /** fragmentation is how much idle GPU typical pods cannot use. */
  readonly fragmentation?: PoolFragmentation;
  /** waiting counts the pods that wait for this pool. */
  readonly waiting?: PoolWaiting;
}

/** PoolCapacity counts nodes and GPUs. */
export interface PoolCapacity {
  /**
   * nodes is a number of nodes.
   * @min 0
   */
  readonly nodes: Int32;
  /**
   * gpus is a number of physical GPUs.
   * @min 0
   */
  readonly gpus: Int32;
}

/** PoolAllocated counts what is in use. */
export interface PoolAllocated {
  /**
   * gpus is the GPU equivalents in use, rounded up.
   * @min 0
   */
  readonly gpus: Int32;
  /**
   * milli is the GPU equivalents in use, in thousandths of a GPU.
   * @min 0
   */
  readonly milli: Int64;
}

/** PoolModel counts the GPUs of one model. */
export interface PoolModel {
  /** model is the product label that GPU Feature Discovery writes. */
  readonly model: LabelValue;
  /**
   * nodes is the number of nodes with this model.
   * @min 0
   */
  readonly nodes: Int32;
  /**
   * gpus is the number of physical GPUs.
   * @min 0
   */
  readonly gpus: Int32;
  /**
   * allocatedMilli is what bound pods hold, in thousandths of a GPU.
   * @min 0
   */
  readonly allocatedMilli: Int64;
  /**
   * freeMilli is what is free on healthy nodes, in thousandths of a GPU.
   * @min 0
   */
  readonly freeMilli: Int64;
  /**
   * unhealthyGpus is the number of GPUs on nodes that cannot take pods.
   * @min 0
   */
  readonly unhealthyGpus: Int32;
}

/** PoolResource counts one extended resource. */
export interface PoolResource {
  /**
   * name is the extended resource, for example nvidia.com/gpu or nvidia.com/mig-1g.10gb.
   * @minLength 1
   * @maxLength 128
   */
  readonly name: string;
  /**
   * capacity is what the nodes advertise as allocatable.
   * @min 0
   */
  readonly capacity: Int32;
  /**
   * allocated is what bound pods request.
   * @min 0
   */
  readonly allocated: Int32;
  /**
   * free is what healthy nodes can still hand out.
   * @min 0
   */
  readonly free: Int32;
}

/** PoolFragmentation is the FGD measure over the pool. */
export interface PoolFragmentation {
  /**
   * strandedMilli is the idle GPU, in thousandths, that a typical pod cannot use, weighted by how often each shape occurs.
   * @min 0
   */
  readonly strandedMilli: Int64;
  /** percent is strandedMilli as a share of the idle GPU. */
  readonly percent: Percent;
}

/** PoolWaiting counts waiting pods. */
export interface PoolWaiting {
  /**
   * pods is the number of gated pods that could run in this pool.
   * @min 0
   */
  readonly pods: Int32;
}
