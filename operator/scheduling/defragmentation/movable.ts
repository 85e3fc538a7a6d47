import { controllerOf, type Pod } from '../../kube/index.ts';
import { podRequests } from '../../pools/index.ts';
import { PLAN_LABEL } from '../names.ts';
import { parseSpan, startedAt } from '../run-time.ts';
import { isEvictable } from '../tenancy/held.ts';

/** Annotation of a pod that saves its work, with how often: a move loses no more than that. */
const CHECKPOINTABLE_ANNOTATION = 'gpuoptimizer.io/checkpointable';

/** What is known of a pod beside itself. */
export interface Surroundings {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly minRunMillis: number;
  /** Whether it starts together with others. */
  readonly inGang: boolean;
  /** Whether nothing new of its tenant may start. */
  readonly frozen: boolean;
  /** Its PodDisruptionBudgets. */
  readonly budgets: readonly string[];
}

type Rule = (pod: Pod, around: Surroundings) => string | undefined;

/** Why a pod is not moved; the first that holds is said. */
const rules: readonly Rule[] = [
  (pod) => (pod.metadata.labels?.[PLAN_LABEL] === undefined ? 'this operator did not place it' : undefined),
  (pod) => (isEvictable(pod) ? undefined : 'it asks not to be disturbed'),
  madeAnew, // nothing would make it again
  countsFailures, // a Job fails of too many evictions, and what others do with a lost pod is not known
  (_, { inGang }) => (inGang ? 'it belongs to a gang' : undefined), // moved whole or never: never
  holdsClaims, // where its devices are is the claim's to say
  (_, { frozen }) => (frozen ? 'nothing new of its tenant may start' : undefined), // its successor would not either
  (_, { budgets }) => (budgets.length > 1 ? 'more than one PodDisruptionBudget selects it' : undefined),
  runsTooShort, // no pod is moved again and again
];

/** Why a pod that is bound is not moved; undefined for one that may be. */
export function keptBecause(pod: Pod, around: Surroundings): string | undefined {
  for (const rule of rules) {
    const reason = rule(pod, around);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** The minutes of work that a move loses: those that the pod has run, and no more than since it last saved them. */
export function lostMinutes(pod: Pod, now: number): number {
  const ran = Math.max(0, now - (startedAt(pod) ?? now));
  return Math.ceil(Math.min(ran, checkpointMillis(pod) ?? ran) / 60_000);
}

/** Whether a bound pod holds devices at all: others take no room that anybody waits for. */
export function holdsDevices(pod: Pod): boolean {
  return podRequests(pod).devices.length > 0 || (pod.spec?.resourceClaims?.length ?? 0) > 0;
}

function checkpointMillis(pod: Pod): number | undefined {
  return parseSpan(pod.metadata.annotations?.[CHECKPOINTABLE_ANNOTATION]);
}

/** Controllers whose pods are tied to their node: the successor would be made on the same one. */
const TIED: ReadonlySet<string> = new Set(['Node', 'DaemonSet']);

function madeAnew(pod: Pod): string | undefined {
  const owner = controllerOf(pod);
  if (owner === undefined) return 'no controller would make it again';
  return TIED.has(owner.kind) ? `its ${owner.kind} would make it again on the same node` : undefined;
}

function countsFailures(pod: Pod): string | undefined {
  if (controllerOf(pod)?.kind === 'ReplicaSet' || checkpointMillis(pod) !== undefined) return undefined;
  return `it is of a ${controllerOf(pod)?.kind} and has no annotation ${CHECKPOINTABLE_ANNOTATION} such as "15m"`;
}

function holdsClaims({ spec, status }: Pod): string | undefined {
  const claims = (spec?.resourceClaims?.length ?? 0) > 0 || status?.extendedResourceClaimStatus !== undefined;
  return claims ? 'it holds resource claims' : undefined;
}

function runsTooShort(pod: Pod, { now, minRunMillis }: Surroundings): string | undefined {
  const from = startedAt(pod);
  if (pod.status?.phase !== 'Running' || from === undefined) return 'it does not run yet';
  return now - from < minRunMillis ? `it runs for less than ${minRunMillis / 1000} s` : undefined;
}
