/** The part of resource.k8s.io/v1 that the driver writes and reads. */

/** A value of an attribute: one of them is set. */
export interface Attribute {
  readonly string?: string;
  readonly version?: string;
}

type Amounts = Readonly<Record<string, { readonly value: string }>>;

/** A device as it is published. */
export interface Device {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly capacity?: Amounts;
  readonly consumesCounters?: readonly { readonly counterSet: string; readonly counters: Amounts }[];
  readonly taints?: readonly object[];
}

/** Counters that devices share. */
export interface CounterSet {
  readonly name: string;
  readonly counters: Amounts;
}

/** What a driver publishes of a node. */
export interface ResourceSlice {
  readonly apiVersion: 'resource.k8s.io/v1';
  readonly kind: 'ResourceSlice';
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly driver: string;
    readonly nodeName: string;
    readonly pool: { readonly name: string; readonly generation: number; readonly resourceSliceCount: number };
    readonly devices?: readonly Device[];
    readonly sharedCounters?: readonly CounterSet[];
  };
}

/** A class of devices. */
export interface DeviceClass {
  readonly apiVersion: 'resource.k8s.io/v1';
  readonly kind: 'DeviceClass';
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly selectors: readonly object[]; readonly extendedResourceName?: string };
}

/** A claim, as the kubelet hands it to the driver. */
export interface ResourceClaim {
  readonly metadata: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly status?: {
    readonly reservedFor?: readonly object[];
    readonly allocation?: {
      readonly devices?: {
        readonly results?: readonly {
          readonly driver: string;
          readonly pool: string;
          readonly device: string;
          readonly adminAccess?: boolean;
        }[];
      };
    };
  };
}
