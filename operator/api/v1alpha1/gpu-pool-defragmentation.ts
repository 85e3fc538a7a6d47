/** How a GPUPool moves pods so that others that wait find room in one piece, and what it says of it. */
import type { Int32, Int64, Name, Seconds, Timestamp } from '../common.ts';
import type { ChangeWindow } from './gpu-pool-nodes.ts';

/** Defragmentation says when pods may be moved within the pool for others that wait, and at what price. */
export interface Defragmentation {
  /**
   * mode is DryRun to say in status which pods would be moved for whom, Apply to move them, Off for neither; DryRun where
   * it is not set.
   */
  readonly mode?: 'Off' | 'DryRun' | 'Apply';
  /**
   * afterSeconds is how long a pod must have waited before others are moved for it; 300 where it is not set.
   * @max 86400
   */
  readonly afterSeconds?: Seconds;
  /**
   * minRunSeconds is how long a pod must have run before it is moved, so that none is moved again and again; 600 where it
   * is not set.
   * @max 604800
   */
  readonly minRunSeconds?: Seconds;
  /**
   * minGpusPerPodHour is the price: how many GPUs the pods that wait must get for each hour that the pods that are moved
   * have run; 2 where it is not set, and 0 for any price.
   * @min 0
   * @max 1000
   */
  readonly minGpusPerPodHour?: Int32;
  /**
   * maxMovesPerHour is how many pods are moved within an hour at most; 20 where it is not set.
   * @min 1
   * @max 60
   */
  readonly maxMovesPerHour?: Int32;
  /**
   * windows are when moves may begin; none means at any time. Moves that have begun are finished.
   * @maxItems 16
   * @listType atomic
   */
  readonly windows?: readonly ChangeWindow[];
}

/** PoolDefragmentation is what would be moved, and what is. */
export interface PoolDefragmentation {
  /**
   * state is NothingToMove, Proposed in a dry run, Waits while a window is closed or the moves of the hour are used, or
   * Moving.
   */
  readonly state: 'NothingToMove' | 'Proposed' | 'Waits' | 'Moving';
  /**
   * message says it in a sentence.
   * @maxLength 1024
   */
  readonly message: string;
  /**
   * usableMilli is what waiting pods could use after the proposed moves, in thousandths of a GPU.
   * @min 0
   */
  readonly usableMilli: Int64;
  /**
   * podMinutes is the work that the proposed moves lose: the minutes that the moved pods have run.
   * @min 0
   */
  readonly podMinutes: Int64;
  /**
   * proposed are the pods that would be moved.
   * @maxItems 64
   * @listType atomic
   */
  readonly proposed: readonly ProposedMove[];
  /**
   * moves are the pods that were moved within the last hour, or are being moved.
   * @maxItems 64
   * @listType atomic
   */
  readonly moves: readonly PodMove[];
}

/** ProposedMove is a pod that would be moved. */
export interface ProposedMove {
  /**
   * pod is the pod as namespace/name.
   * @maxLength 320
   */
  readonly pod: string;
  /** from is the node that it runs on. */
  readonly from: Name;
  /** to is the node that has room for it. */
  readonly to: Name;
  /**
   * waiting is the pod or gang that gets its room.
   * @maxLength 400
   */
  readonly waiting: string;
  /**
   * podMinutes is how long it has run.
   * @min 0
   */
  readonly podMinutes: Int64;
}

/** PodMove is a pod that is evicted, and whose successor has its room held on another node. */
export interface PodMove extends ProposedMove {
  /**
   * uid is the uid of the pod.
   * @maxLength 64
   */
  readonly uid: string;
  /**
   * owner is the uid of what makes its successor.
   * @maxLength 64
   */
  readonly owner: string;
  /** startTime is when the move began; room is held for five minutes from then. */
  readonly startTime: Timestamp;
  /**
   * cpuMilli is the CPU that is held for the successor, in thousandths of a core.
   * @min 0
   */
  readonly cpuMilli: Int64;
  /**
   * memoryMiB is the memory that is held for the successor.
   * @min 0
   */
  readonly memoryMiB: Int64;
  /**
   * devices are the devices that are held for the successor.
   * @maxItems 16
   * @listType atomic
   */
  readonly devices: readonly MovedDevices[];
}

/** MovedDevices counts one extended resource of a pod. */
export interface MovedDevices {
  /**
   * resource is the extended resource, for example nvidia.com/gpu.
   * @minLength 1
   * @maxLength 128
   */
  readonly resource: string;
  /**
   * count is how many of it.
   * @min 0
   */
  readonly count: Int32;
}
