import { kinds } from '../../api/index.ts';
import { keyText, type Pod, Pod as PodKind, seconds } from '../../kube/index.ts';
import { createTenantOf, isFinished, podRequests } from '../../pools/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { createBudgetsOf, disruptionsAllowed } from '../disruption-budgets.ts';
import { gangMark, PODS_BY_GANG, planKey } from '../gangs/gang.ts';
import { PLAN_LABEL } from '../names.ts';
import type { PreemptionPolicy, Victim } from '../planner/index.ts';
import { PODS_BY_STATE } from '../pod-state.ts';
import { startedAt } from '../run-time.ts';
import { isEvictable } from '../tenancy/held.ts';

/** How long after its time a pod that is deleted is still expected to go, in milliseconds. */
const LEAVING_MILLIS = seconds(120);

/** What preemption knows beside the plan. */
export interface PreemptionFacts {
  /** By pool. */
  readonly policies: ReadonlyMap<string, PreemptionPolicy>;
  readonly victims: readonly Victim[];
  /** The pods of victims by key. */
  readonly pods: ReadonlyMap<string, Pod>;
  /** Pods that hold room and are about to go, by key. */
  readonly leaving: ReadonlySet<string>;
  /** How many pods each PodDisruptionBudget lets go, by namespace/name. */
  readonly disruptionsAllowed: ReadonlyMap<string, number>;
}

/** What each pool lets evict. */
export function policiesOf(reader: Reader): ReadonlyMap<string, PreemptionPolicy> {
  return new Map(
    reader
      .list(kinds.GPUPool)
      .map(({ metadata, spec }) => [metadata.name, spec.scheduling?.preemption ?? 'BorrowedFirst'] as const),
  );
}

/**
 * Reads who could be evicted: gangs that this operator placed and of which every pod runs and lets itself be disturbed.
 * `spared` are keys of gangs that must not be tried now.
 */
export function observePreemption(reader: Reader, now: number, spared: ReadonlySet<string>): PreemptionFacts {
  const bound = reader.list(PodKind, { index: { name: PODS_BY_STATE, value: 'bound' } });
  const gangs = new Map<string, Pod[]>();
  for (const pod of bound) {
    if (pod.metadata.labels?.[PLAN_LABEL] === undefined || podRequests(pod).devices.length === 0) continue;
    const key = planKey(pod, gangMark(pod, reader));
    const known = gangs.get(key);
    if (known === undefined) gangs.set(key, [pod]);
    else known.push(pod);
  }
  const budgetsOf = createBudgetsOf(reader);
  const tenantOf = createTenantOf(reader.list(kinds.Tenant));
  const victims: Victim[] = [];
  const pods = new Map<string, Pod>();
  for (const [gang, members] of gangs) {
    const all = [...members, ...without(members, gang, reader)];
    const [first] = all;
    if (first === undefined || spared.has(gang) || !all.every(mayGo)) continue;
    for (const pod of all) pods.set(keyText(pod), pod);
    victims.push({
      gang,
      tenant: tenantOf(first.metadata.namespace ?? ''),
      priority: Math.max(...all.map((pod) => pod.spec?.priority ?? 0)),
      pods: all.map((pod) => ({ key: keyText(pod), budgets: budgetsOf(pod) })),
      podMinutes: all.reduce((sum, pod) => sum + Math.max(0, now - (startedAt(pod) ?? now)) / 60_000, 0),
    });
  }
  return {
    policies: policiesOf(reader),
    victims,
    pods,
    leaving: new Set(bound.filter((pod) => isLeaving(pod, now)).map(keyText)),
    disruptionsAllowed: disruptionsAllowed(reader),
  };
}

/** Other living pods of a gang: those without devices, which end with it, and those that were let go and do not run yet. */
function without(members: readonly Pod[], gang: string, reader: Reader): readonly Pod[] {
  const [first] = members;
  const mark = first === undefined ? undefined : gangMark(first, reader);
  if (mark === undefined) return [];
  const known = new Set(members.map(keyText));
  return reader
    .list(PodKind, { index: { name: PODS_BY_GANG, value: mark.index } })
    .filter((pod) => !known.has(keyText(pod)) && !isFinished(pod) && pod.metadata.deletionTimestamp === undefined)
    .filter((pod) => pod.spec?.schedulingGates === undefined || pod.spec.schedulingGates.length === 0)
    .filter((pod) => planKey(pod, gangMark(pod, reader)) === gang);
}

/** A pod that is on its way already, or that is not bound yet, does not go for another. */
function mayGo(pod: Pod): boolean {
  return isEvictable(pod) && pod.metadata.deletionTimestamp === undefined && pod.spec?.nodeName !== undefined;
}

/** Whether a pod is about to go. One that should have gone long ago holds its room until it does. */
export function isLeaving({ metadata }: Pod, now: number): boolean {
  return metadata.deletionTimestamp !== undefined && now - Date.parse(metadata.deletionTimestamp) < LEAVING_MILLIS;
}
