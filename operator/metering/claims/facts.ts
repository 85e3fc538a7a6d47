import { DRA_DRIVER } from '../../pools/index.ts';
import type { Allocation, End } from '../facts.ts';

/** A pod that uses a claim; times in milliseconds since 1970. */
export interface ClaimUser {
  /** When it was bound. */
  readonly at: number;
  /** When it ended; absent while it runs. */
  readonly end?: End;
}

/** What metering knows of a claim that holds devices or did. */
export interface ClaimFact {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly tenant: string;
  /** Whether its namespace's tenant may only not be seen yet, so that a new interval must wait. */
  readonly early: boolean;
  /** Whether it is reserved: it is billable then, though nothing runs. */
  readonly reserved: boolean;
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
