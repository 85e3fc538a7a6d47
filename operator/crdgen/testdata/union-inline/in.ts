import type { CustomResource, Label, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /** source says where from. */
  readonly source:
    | { readonly type: 'None' }
    | {
        readonly type: 'HTTPProxy';
        /** httpProxy holds the settings of type HTTPProxy. */
        readonly httpProxy: Target;
      }
    | {
        readonly type: 'MIG';
        /** mig holds the settings of type MIG. */
        readonly mig?: Target;
      };
}

/** Target is a place. */
export interface Target {
  /** name is its name. */
  readonly name: Label;
}
