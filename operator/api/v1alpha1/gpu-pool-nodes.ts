/** What a GPUPool does with its nodes: taints, health, and how careful changes are. */
import type { Int32, LabelValue, Name, Seconds, Timestamp } from '../common.ts';

/** PoolTaint is a taint of a node, as in Kubernetes. */
export interface PoolTaint {
  /**
   * key is the key of the taint.
   * @minLength 1
   * @maxLength 316
   */
  readonly key: string;
  /** value is the value of the taint. */
  readonly value?: LabelValue;
  /** effect is what the taint does to pods that do not tolerate it. */
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/** PoolHealth says what makes a node unfit and what follows. */
export interface PoolHealth {
  /**
   * signals are what is looked at: NodeCondition is what the kubelet says of the node, Xid a GPU that the device plugin
   * withdrew, DriverUpgrade the state of NVIDIA's upgrade controller, NVSentinel the marks of NVIDIA's health agent; all of
   * them where it is not set.
   * @minItems 1
   * @maxItems 4
   * @listType set
   */
  readonly signals?: readonly ('NodeCondition' | 'Xid' | 'DriverUpgrade' | 'NVSentinel')[];
  /**
   * action is what follows: Observe only reports, StopPlacing taints the node with gpuoptimizer.io/unhealthy, DrainAffected
   * also evicts the pods whose GPU the kubelet reports as unhealthy; StopPlacing where it is not set. Nodes that NVIDIA's own
   * agents drain are left to them.
   */
  readonly action?: 'Observe' | 'StopPlacing' | 'DrainAffected';
  /**
   * quietSeconds is how long a node must be well before it takes pods again; 600 where it is not set.
   * @max 86400
   */
  readonly quietSeconds?: Seconds;
}

/** Reconfiguration says how careful changes of nodes are. */
export interface Reconfiguration {
  /**
   * mode is Apply to change nodes, or DryRun to say in status what would be changed; Apply where it is not set.
   */
  readonly mode?: 'Apply' | 'DryRun';
  /**
   * maxUnavailableNodes is how many nodes of the pool may be in a change at a time; degraded ones count; 1 where it is not set.
   * @min 1
   * @max 1000
   */
  readonly maxUnavailableNodes?: Int32;
  /**
   * drainTimeoutSeconds is how long pods may take to leave before the change of a node is given up; 900 where it is not set.
   * @min 1
   * @max 86400
   */
  readonly drainTimeoutSeconds?: Seconds;
  /**
   * wedgeAfterSeconds is how long NVIDIA's mig-manager may stand still before it is started again; it waits five minutes
   * for each of its own components, so less than that takes patience for a fault; 360 where it is not set.
   * @min 1
   * @max 3600
   */
  readonly wedgeAfterSeconds?: Seconds;
  /**
   * uncertainPods is what happens to pods that may or may not be on a GPU that is changed: Keep waits until they have
   * ended, Drain evicts them as well; Keep where it is not set.
   */
  readonly uncertainPods?: 'Keep' | 'Drain';
  /**
   * windows are when changes may begin; none means at any time. A change that has begun is finished.
   * @maxItems 16
   * @listType atomic
   */
  readonly windows?: readonly ChangeWindow[];
}

/** ChangeWindow is a span of time that comes every week. */
export interface ChangeWindow {
  /**
   * days are the days on which the window opens; none means every day.
   * @maxItems 7
   * @listType set
   */
  readonly days?: readonly ('Monday' | 'Tuesday' | 'Wednesday' | 'Thursday' | 'Friday' | 'Saturday' | 'Sunday')[];
  /**
   * start is the local time at which it opens, as 01:30.
   * @pattern ^([01][0-9]|2[0-3]):[0-5][0-9]$
   * @maxLength 5
   */
  readonly start: string;
  /**
   * durationSeconds is how long it stays open.
   * @min 60
   * @max 86400
   */
  readonly durationSeconds: Seconds;
  /**
   * timeZone is the IANA name of the zone of start; Etc/UTC where it is not set.
   * @minLength 1
   * @maxLength 64
   */
  readonly timeZone?: string;
}

/** NodeReconfiguration is where the change of a node stands. */
export interface NodeReconfiguration {
  /** node is the name of the node. */
  readonly node: Name;
  /** step is what is being done. */
  readonly step: 'Cordon' | 'Drain' | 'Label' | 'Wait' | 'Verify' | 'Heal' | 'Uncordon' | 'Degraded';
  /** direction is Forward, or Back when the previous way to share is being restored. */
  readonly direction: 'Forward' | 'Back';
  /** sinceTime is when the step began. */
  readonly sinceTime: Timestamp;
  /**
   * message says what it waits for, or what went wrong.
   * @maxLength 1024
   */
  readonly message?: string;
}
