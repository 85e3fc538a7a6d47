import type { ResourceClaim } from '../../kube/index.ts';
import { DRA_DRIVER } from './names.ts';

type Result = NonNullable<
  NonNullable<NonNullable<NonNullable<ResourceClaim['status']>['allocation']>['devices']>['results']
>[number];

/** A device that a claim holds. */
export interface HeldDevice {
  /** The pool of the device, which NVIDIA's driver names after the node. */
  readonly node: string;
  readonly device: string;
  readonly request: string;
  /** Tells the shares of a device apart that several claims share. */
  readonly shareId?: string;
  /** What the share takes of the device's capacities, as quantities. */
  readonly consumed?: Readonly<Record<string, string>>;
}

/** The GPUs and slices that a claim holds. Access for administration holds nothing. */
export function heldDevices(claim: ResourceClaim): readonly HeldDevice[] {
  const results = claim.status?.allocation?.devices?.results ?? [];
  return results.filter(isHeld).map(({ pool, device, request, shareID, consumedCapacity }) => ({
    node: pool,
    device,
    request,
    shareId: shareID,
    consumed: consumedCapacity,
  }));
}

function isHeld({ driver, adminAccess }: Result): boolean {
  return driver === DRA_DRIVER && adminAccess !== true;
}
