import { kinds } from '../../../api/index.ts';
import { keyText, type Pod, Pod as PodKind } from '../../../kube/index.ts';
import { createTenantOf } from '../../../pools/index.ts';
import type { KubeObject } from '../../../runtime/index.ts';
import { type Decision, decide, explain } from '../../decide.ts';
import { runsAmong } from '../../eta/record.ts';
import { createListReader, type Lists } from '../../live/list-reader.ts';
import { type PoolsMap, poolsMap } from '../../map/model.ts';
import { type Facts, observe } from '../../observe.ts';
import { placedHoldings } from '../../placed.ts';
import type { Answer, Counterfactual, Holding } from '../../planner/index.ts';
import type { Submission } from './manifests.ts';

/** What becomes of one gang. */
export interface GangFate {
  readonly gang: string;
  readonly tenant?: string;
  readonly pods: readonly string[];
  /** Nodes by pod; empty while it waits. */
  readonly nodes: Readonly<Record<string, string>>;
  readonly starts: boolean;
  readonly blocker?: string;
  readonly sentence?: string;
  /** Smallest changes that would let it start, cheapest first; only of what was submitted. */
  readonly counterfactuals?: readonly Counterfactual[];
}

/** One plan over one state of the cluster. */
export interface Outcome {
  readonly fates: ReadonlyMap<string, GangFate>;
  /** What the plan would hold beside what is held. */
  readonly placed: readonly Holding[];
  readonly map: PoolsMap;
  readonly numbers: Decision['numbers'];
  readonly facts: Facts;
  readonly decision: Decision;
}

/** Plans lists as the controller would plan the cache. */
export function planLists(lists: readonly Lists[], now: Date): Outcome {
  const reader = createListReader(lists);
  const facts = observe(reader, now, { runs: runsAmong(reader) });
  const decision = decide(facts);
  const answers = new Map(decision.waiting.map(({ answer }) => [answer.gang, answer]));
  const placed = placedHoldings(facts, decision);
  const nodes = new Map(placed.map(({ key, node }) => [key, node]));
  const fates = facts.queue.map(({ gang, pods }): GangFate => {
    const answer = answers.get(gang.key);
    const own = [...pods.keys()];
    return {
      gang: gang.key,
      ...(gang.tenant === undefined ? {} : { tenant: gang.tenant }),
      pods: own,
      nodes: Object.fromEntries(own.flatMap((pod) => (nodes.has(pod) ? [[pod, nodes.get(pod) ?? '']] : []))),
      starts: answer === undefined,
      ...(answer === undefined ? {} : { blocker: answer.blocker, sentence: answer.sentence }),
    };
  });
  return {
    fates: new Map(fates.map((fate) => [fate.gang, fate])),
    placed,
    map: poolsMap(facts.nodes, facts.held, placed),
    numbers: decision.numbers,
    facts,
    decision,
  };
}

/** The lists with what manifests bring. */
export function withSubmission(lists: readonly Lists[], { pods, owners }: Submission): readonly Lists[] {
  const fresh: readonly KubeObject[] = [...pods, ...owners];
  return lists.map(({ kind, objects }) => {
    const added = fresh.filter((object) => isOf(object, kind, pods));
    const names = new Set(added.map(keyText));
    return { kind, objects: [...objects.filter((object) => !names.has(keyText(object))), ...added] };
  });
}

function isOf(object: KubeObject, kind: Lists['kind'], pods: readonly Pod[]): boolean {
  if (kind.plural === PodKind.plural && kind.group === '') return pods.some((pod) => pod === object);
  const group = object.apiVersion?.includes('/') === true ? object.apiVersion.split('/')[0] : '';
  return object.kind === kind.kind && group === kind.group;
}

/** What becomes of submitted pods, and of those that wait already. */
export interface SubmitOutcome {
  readonly submitted: readonly GangFate[];
  /** Pods that the planner would not touch, and why. */
  readonly unmanaged: readonly { readonly pod: string; readonly sentence: string }[];
  /** Gangs that would start now and wait longer because of what is submitted. */
  readonly delayed: readonly GangFate[];
  readonly after: Outcome;
}

/** Plans the cluster with and without a submission. */
export function planSubmission(lists: readonly Lists[], submission: Submission, now: Date): SubmitOutcome {
  const tenantOf = createTenantOf(createListReader(lists).list(kinds.Tenant));
  const managed = submission.pods.filter(({ metadata }) => tenantOf(metadata.namespace ?? '') !== undefined);
  const before = planLists(lists, now);
  const after = planLists(withSubmission(lists, { ...submission, pods: managed }), now);
  const own = new Set(managed.map(keyText));
  const submitted = [...after.fates.values()].filter(({ pods }) => pods.some((pod) => own.has(pod)));
  const delayed = [...after.fates.values()].filter(
    ({ gang, starts, pods }) => !starts && before.fates.get(gang)?.starts === true && !pods.some((pod) => own.has(pod)),
  );
  return {
    submitted: submitted.map((fate) => explained(fate, after)),
    unmanaged: submission.pods
      .filter((pod) => !managed.includes(pod))
      .map((pod) => ({ pod: keyText(pod), sentence: `no Tenant selects namespace ${pod.metadata.namespace}` })),
    delayed,
    after,
  };
}

function explained(fate: GangFate, { facts, decision }: Outcome): GangFate {
  const queued = facts.queue.find(({ gang }) => gang.key === fate.gang);
  if (fate.starts || queued === undefined) return fate;
  const answer: Answer = explain(decision, queued, facts);
  return { ...fate, sentence: answer.sentence, counterfactuals: answer.counterfactuals };
}
