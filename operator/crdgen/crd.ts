import type { JsonSchema } from './schema.ts';

/** A CustomResourceDefinition, as far as this project writes and compares it (k8s.io/apiextensions-apiserver v1). */
export interface Crd {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: CrdSpec;
  /** Only what a cluster serves has it: every version that an object in etcd may be written in. */
  readonly status?: { readonly storedVersions?: readonly string[] };
}

/** Names, scope, versions and conversion of a kind. */
export interface CrdSpec {
  readonly group: string;
  readonly scope: string;
  readonly names: CrdNames;
  readonly versions: readonly CrdVersion[];
  readonly conversion?: CrdConversion;
}

/** What a kind is called. */
export interface CrdNames {
  readonly kind: string;
  readonly listKind?: string;
  readonly plural: string;
  readonly singular?: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** One version of a kind. */
export interface CrdVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated?: boolean;
  readonly deprecationWarning?: string;
  readonly additionalPrinterColumns?: readonly {
    readonly name: string;
    readonly jsonPath: string;
    readonly priority?: number;
  }[];
  readonly selectableFields?: readonly { readonly jsonPath: string }[];
  readonly subresources?: { readonly status?: object; readonly scale?: CrdScale };
  readonly schema: { readonly openAPIV3Schema: JsonSchema };
}

/** The scale subresource. */
export interface CrdScale {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string;
}

/** How an object of one version becomes one of another: not at all, or by a webhook. */
export interface CrdConversion {
  readonly strategy: 'None' | 'Webhook';
  readonly webhook?: {
    readonly clientConfig: {
      readonly service: {
        readonly name: string;
        readonly namespace: string;
        readonly path?: string;
        readonly port?: number;
      };
    };
    readonly conversionReviewVersions: readonly string[];
  };
}
