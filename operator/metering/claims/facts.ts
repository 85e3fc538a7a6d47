import { DRA_DRIVER } from '../../pools/index.ts';
import type { Allocation } from '../facts.ts';
import type { Hold } from '../observe.ts';

/** A pod that uses a claim. */
export type ClaimUser = Hold;

/** What metering knows of a claim that holds devices or did. */
export interface ClaimFact {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly tenant: string;
  /** Whether its namespace's tenant may only not be seen yet, so that a new interval must wait. */
  readonly early: boolean;
  /** Whether it is reserved: where the bind counts it is billable then, though nothing runs. */
  readonly reserved: boolean;
  /** Since when its namespace counts from the bind. */
  readonly boundFrom: number;
  /** When its devices were allocated; absent where nobody wrote it down. */
  readonly allocatedAt?: number;
  readonly node: string;
  /** The devices that it holds, each once; none while their model is not known. */
  readonly devices: readonly Allocation[];
  readonly users: readonly ClaimUser[];
}

/** The key of a device that a claim holds: driver, pool, device, and the share where it is shared. */
export function deviceKeyOf(pool: string, device: string, shareId: string | undefined): string {
  const key = `${DRA_DRIVER}/${pool}/${device}`;
  return shareId === undefined ? key : `${key}/${shareId}`;
}

/** Whether an interval is a claim's; those of pods have the name of a resource. */
export function isClaimKey(deviceKey: string): boolean {
  return deviceKey.startsWith(`${DRA_DRIVER}/`);
}
