import type { Device } from './sku.ts';

/** Devices of one resource that a bound pod holds. */
export interface Allocation extends Device {
  /** The resource, because Kubernetes does not tell which devices a pod got; of a claim, the device. */
  readonly deviceKey: string;
  readonly meter: string;
  readonly units: number;
}

/** An end of an interval, in milliseconds since 1970. */
export interface End {
  readonly at: number;
  /** True when the moment was not observed but assumed, never later than the truth. */
  readonly estimated: boolean;
}

/** What metering knows of a pod that asks for GPUs. */
export interface PodFact {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly tenant: string;
  /** Whether its namespace's tenant may only not be seen yet, so that a new interval must wait. */
  readonly early: boolean;
  /** Where it holds its devices; absent while it is not bound. */
  readonly bound?: {
    readonly node: string;
    /** From when they count, in milliseconds since 1970; absent while they do not, where a plan bills from the start. */
    readonly at?: number;
    readonly allocations: readonly Allocation[];
  };
  /** When it ended; absent while it runs. */
  readonly end?: End;
  /** Whether it is being deleted. */
  readonly leaving: boolean;
  /** Whether it carries our finalizer. */
  readonly held: boolean;
}

/** An open interval of the store, times in milliseconds since 1970. */
export interface OpenInterval {
  readonly uid: string;
  readonly namespace: string;
  /** The name of the pod or claim that holds. */
  readonly pod: string;
  readonly deviceKey: string;
  readonly tenant: string;
  readonly openedAt: number;
}

/** A new interval, perhaps with its end. */
export interface NewInterval extends Allocation {
  readonly uid: string;
  readonly namespace: string;
  /** The name of the pod or claim that holds. */
  readonly pod: string;
  readonly node: string;
  readonly tenant: string;
  readonly openedAt: number;
  readonly end?: End;
}

/** The end of an open interval. */
export interface Closing {
  readonly uid: string;
  readonly deviceKey: string;
  readonly end: End;
}

/** What one pass writes. */
export interface Plan {
  readonly open: readonly NewInterval[];
  readonly close: readonly Closing[];
  /** Pods whose finalizer goes once the rest is stored. */
  readonly release: readonly PodFact[];
}
