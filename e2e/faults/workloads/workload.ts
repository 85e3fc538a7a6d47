import type { Api } from '../api.ts';
import type { Varies } from '../oracles/reference.ts';

/** One thing that a user does. The API server has taken it when `act` resolves; what follows is the operator's. */
export interface Step {
  readonly name: string;
  /** Whether users can do this only once the operator has led to the end state of the step before. */
  readonly needsOperator?: true;
  readonly act: (token: string, api: Api) => Promise<void>;
}

/** What users do in one plan, small enough that every write of it can be broken. Every name in it begins with the token. */
export interface Workload {
  readonly name: string;
  /** In their order; the last one removes what the operator manages. */
  readonly steps: readonly [Step, ...Step[]];
  /** Objects whose state users wait for between steps; all unless given. */
  readonly awaited?: (object: string) => boolean;
  /** What rightly depends on other plans in the cluster, or on the order in which news came. */
  readonly varies?: Varies;
  /** Paths of what cleaning up deletes, the operator running. */
  readonly leavings: (token: string) => readonly string[];
}

/** Collections that hold anything of a workload, for the observer. */
export const collections = {
  namespaces: '/api/v1/namespaces',
  nodes: '/api/v1/nodes',
  pods: '/api/v1/pods',
  configMaps: '/api/v1/configmaps',
  serviceAccounts: '/api/v1/serviceaccounts',
  jobs: '/apis/batch/v1/jobs',
  cronJobs: '/apis/batch/v1/cronjobs',
} as const;

/** A collection of our group, in one namespace where given. */
export function ours(plural: string, namespace?: string): string {
  const inside = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `/apis/gpuoptimizer.io/v1alpha1${inside}/${plural}`;
}

/** A note that every object carries: characters of two and four bytes, for frames that are cut inside of them. */
export const note: Readonly<Record<string, string>> = { 'faults.test/note': 'größe 😀 übergröße 😀' };
