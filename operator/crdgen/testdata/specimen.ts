import type { CustomResource, Int32, Int64, IntOrString, Label, Quantity } from './common.ts';

/**
 * Specimen has every tag and every hard case, for samples that a real API server judges too.
 * @resource plural=specimens singular=specimen shortNames=spm categories=fixture scope=Namespaced
 * @column Name=Mode type=string path=.spec.mode description="How"
 * @column Name=Age type=date path=.metadata.creationTimestamp priority=1
 * @scale spec=.spec.size status=.status.size selector=.status.selector
 * @selectable .spec.mode
 * @condition Ready=True Fine -- all is well
 * @event Warning SpecimenBroken -- it is broken
 * @meta label:fixtures.example.com/kind=specimen annotation:fixtures.example.com/note=none
 * @rule size(self.metadata.name) <= 20 -- metadata.name must have at most 20 characters
 */
export interface Specimen extends CustomResource<SpecimenSpec, SpecimenStatus> {}

/**
 * SpecimenSpec is what is wanted.
 * @rule self.min <= self.max -- min must not be greater than max
 * @rule {"rule": "!has(self.zone) || self.zone != 'moon'", "messageExpression": "'zone ' + self.zone + ' is too far'", "reason": "FieldValueForbidden", "fieldPath": ".zone"}
 * @rule {"rule": "oldSelf.hasValue() || !has(self.frozen) || self.frozen == 'new'", "message": "frozen begins as new", "optionalOldSelf": true}
 * @atMostOneOf namespace dash-ed
 * @atLeastOneOf mode zone
 */
export interface SpecimenSpec {
  /**
   * size is a number of replicas.
   * @min 0
   * @max 10
   * @default 1
   * @example 3
   * @title Size
   */
  readonly size?: Int32;
  /** min is the least. */
  readonly min: Int32;
  /** max is the most. */
  readonly max: Int32;
  /**
   * even lies strictly between, in steps.
   * @int
   * @exclusiveMin 0
   * @exclusiveMax 10
   * @multipleOf 2
   */
  readonly even?: number;
  /** big is within what JSON keeps. */
  readonly big?: Int64;
  /**
   * mode says how.
   * @default "Auto"
   */
  readonly mode?: 'Auto' | 'Manual';
  /**
   * zone is a place.
   * @immutable
   */
  readonly zone?: Label;
  /** frozen begins as new. */
  readonly frozen?: Label;
  /**
   * code is short.
   * @minLength 2
   * @maxLength 4
   * @pattern ^\p{Lu}[a-z*\/]*$
   * @deprecated use zone
   */
  readonly code?: string;
  /**
   * time is a time.
   * @format date-time
   */
  readonly time?: string;
  /**
   * day is a day.
   * @format date
   */
  readonly day?: string;
  /**
   * range is a range of addresses.
   * @format cidr
   * @maxLength 43
   */
  readonly range?: string;
  /**
   * maybe may be null.
   * @nullable
   */
  readonly maybe?: Label | null;
  /** memory is a quantity. */
  readonly memory?: Quantity;
  /** port is a number or a name. */
  readonly port?: IntOrString;
  /**
   * tags are different.
   * @minItems 1
   * @maxItems 3
   * @listType set
   * @items.maxLength 5
   */
  readonly tags?: readonly string[];
  /**
   * ports are found again by two keys.
   * @maxItems 3
   * @listType map
   * @listKey number
   * @listKey protocol
   */
  readonly ports?: readonly Port[];
  /**
   * order has a meaning.
   * @maxItems 3
   * @listType atomic
   */
  readonly order?: readonly Label[];
  /**
   * labels are labels.
   * @minProps 1
   * @maxProps 2
   * @keys ^[a-z]+$
   * @mapType granular
   */
  readonly labels?: Readonly<Record<string, Label>>;
  /**
   * limits are filled in.
   * @default {}
   */
  readonly limits?: Limits;
  /** source says where from. */
  readonly source?:
    | { readonly type: 'None' }
    | {
        readonly type: 'HTTP';
        /** http holds the settings of type HTTP. */
        readonly http: Target;
      }
    | {
        readonly type: 'Disk';
        /** disk holds the settings of type Disk. */
        readonly disk?: Target;
      };
  /** choice is one of two. */
  readonly choice?: Choice;
  /** namespace is a word of CEL. */
  readonly namespace?: Label;
  /** dash-ed has a dash. */
  readonly 'dash-ed'?: Label;
  /** template is a pod to be. */
  readonly template?: {
    /**
     * spec is a pod's spec.
     * @preserveUnknown
     */
    readonly spec: unknown;
  };
  /**
   * object is a whole Kubernetes object.
   * @embedded
   * @preserveUnknown
   */
  readonly object?: unknown;
  /**
   * hidden is not part of the API.
   * @internal
   */
  readonly hidden?: Date;
  /**
   * free is anything.
   * @schema {"x-kubernetes-preserve-unknown-fields": true, "type": "object"}
   */
  readonly free?: unknown;
}

/** Port is a port. */
export interface Port {
  /** number is its number. */
  readonly number: Int32;
  /**
   * protocol is its protocol.
   * @default "TCP"
   */
  readonly protocol?: 'TCP' | 'UDP';
  /**
   * name is its name for good.
   * @immutable
   */
  readonly name?: Label;
}

/**
 * Limits has defaults only.
 * @structType granular
 */
export interface Limits {
  /**
   * count has a default.
   * @default 3
   */
  readonly count?: Int32;
}

/** Target is a place. */
export interface Target {
  /** name is its name. */
  readonly name: Label;
}

/**
 * Choice is one of two.
 * @oneOf left right
 */
export interface Choice {
  /** left is one. */
  readonly left?: Label;
  /** right is the other. */
  readonly right?: Label;
}

/** SpecimenStatus is what was found. */
export interface SpecimenStatus {
  /**
   * observedGeneration is the generation that was seen.
   * @min -1
   */
  readonly observedGeneration?: Int64;
  /** size is the number of replicas. */
  readonly size?: Int32;
  /** selector selects the pods. */
  readonly selector?: Label;
  /**
   * load is a share.
   * @format double
   */
  readonly load?: number;
}
