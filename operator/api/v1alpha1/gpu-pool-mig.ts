/** How a GPUPool cuts GPUs by MIG. */
import type { Int32, Seconds } from '../common.ts';

/** MIGSharing says who chooses how the GPUs are cut. */
export type MIGSharing =
  | {
      readonly type: 'Static';
      /** static holds the settings of type Static. */
      readonly static: StaticMIG;
    }
  | {
      readonly type: 'Dynamic';
      /** dynamic holds the settings of type Dynamic. */
      readonly dynamic?: DynamicMIG;
    };

/** StaticMIG is the same cut on every node. */
export interface StaticMIG {
  /**
   * layouts are taken by the GPUs of a node in the order of their index; GPUs beyond them stay whole.
   * @minItems 1
   * @maxItems 16
   * @listType atomic
   */
  readonly layouts: readonly MIGLayout[];
}

/** MIGLayout is how some GPUs of a node are cut. */
export interface MIGLayout {
  /**
   * gpus is the number of GPUs of a node that are cut so.
   * @min 1
   * @max 16
   */
  readonly gpus: Int32;
  /**
   * devices are the MIG devices on each of these GPUs; none leaves them whole.
   * @maxItems 8
   * @listType map
   * @listKey profile
   */
  readonly devices: readonly MIGDevices[];
}

/** MIGDevices is a number of MIG devices of one profile. */
export interface MIGDevices {
  /**
   * profile is NVIDIA's name of the profile, for example 1g.10gb or 1g.10gb+me.
   * @minLength 4
   * @maxLength 32
   * @pattern ^[1-7]g[.][0-9]{1,3}gb([+-][a-z.]+)?$
   */
  readonly profile: string;
  /**
   * count is the number of devices of this profile.
   * @min 1
   * @max 7
   */
  readonly count: Int32;
}

/** DynamicMIG lets the cut follow the pods that wait for nvidia.com/mig-* devices, or for whole GPUs. */
export interface DynamicMIG {
  /**
   * demandSeconds is how long pods must have waited before a node is cut anew for them; 60 where it is not set.
   * @max 86400
   */
  readonly demandSeconds?: Seconds;
  /**
   * maxChangesPerNodePerDay is how often one node may be cut anew within 24 hours; 6 where it is not set.
   * @min 1
   * @max 48
   */
  readonly maxChangesPerNodePerDay?: Int32;
}
