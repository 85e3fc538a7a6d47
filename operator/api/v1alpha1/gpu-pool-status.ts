/** What a GPUPool reports. */
import type { CommonStatus, Int32, Int64, LabelValue, Percent } from '../common.ts';
import type { PoolDefragmentation } from './gpu-pool-defragmentation.ts';
import type { NodeReconfiguration } from './gpu-pool-nodes.ts';

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
  /**
   * reconfiguring lists the nodes that are being changed, and those that are degraded.
   * @listType map
   * @listKey node
   * @maxItems 64
   */
  readonly reconfiguring?: readonly NodeReconfiguration[];
  /** defragmentation is what would be moved, and what is, where spec.defragmentation is set. */
  readonly defragmentation?: PoolDefragmentation;
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
  /**
   * reservedGpus is the GPU equivalents that reservations of this model keep for their tenants at the moment.
   * @min 0
   */
  readonly reservedGpus?: Int32;
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
