import type { OptimizationRecommendation } from '../../api/index.ts';
import type { Finding } from '../gate/facts.ts';
import type { IdlePod } from './idle-pod.ts';
import { type Judged, judgeTargets, type Seen } from './judge-targets.ts';
import { type Proposal, propose } from './proposal.ts';
import type { Settings } from './settings.ts';
import type { Target } from './targets.ts';

/** What telemetry could be had. */
export type TelemetryFacts =
  | { readonly kind: 'Unavailable'; readonly reason: string; readonly message: string }
  | { readonly kind: 'Read'; readonly seen: Seen; readonly queries: readonly string[] };

/** Everything that a decision rests on. `now` in milliseconds since 1970. */
export interface Facts {
  readonly policy: string;
  readonly now: number;
  readonly settings: Settings;
  readonly targets: readonly Target[];
  readonly telemetry: TelemetryFacts;
  readonly existing: readonly OptimizationRecommendation[];
}

/** A recommendation that does not hold any more, and why. */
export interface Withdrawal {
  readonly recommendation: OptimizationRecommendation;
  readonly why: 'BusyAgain' | 'Ended' | 'Kept' | 'Superseded' | 'NotAsked';
}

/** What to do, and what to report. */
export interface Plan {
  readonly create: readonly Proposal[];
  readonly withdraw: readonly Withdrawal[];
  /** Recommendations that are open after the plan is carried out, as their specs. */
  readonly open: readonly OptimizationRecommendation['spec'][];
  /** Absent when the telemetry could not be had. */
  readonly judged?: readonly Judged[];
  readonly findings: readonly Finding[];
}

/** Judges every target and compares the proposals with those that exist. Missing telemetry neither adds nor removes. */
export function decide(facts: Facts): Plan {
  const { telemetry, existing, settings } = facts;
  if (telemetry.kind === 'Unavailable') {
    return { create: [], withdraw: [], open: existing.map(({ spec }) => spec), findings: [] };
  }
  const judged = judgeTargets(facts.targets, telemetry.seen, settings, facts.now);
  const workloads = [...Map.groupBy(judged, ({ target }) => target.workload.uid).values()];
  const proposals =
    settings.mode === 'Recommend' ? workloads.flatMap((pods) => proposalFor(facts, telemetry.queries, pods)) : [];
  const withdraw = existing.flatMap((recommendation) => withdrawalOf(recommendation, settings, judged, proposals));
  const known = new Set(existing.map(({ metadata }) => metadata.name));
  const create = proposals.filter(({ name }) => !known.has(name));
  const gone = new Set(withdraw.map(({ recommendation }) => recommendation.metadata.name));
  const kept = existing.filter(({ metadata }) => !gone.has(metadata.name));
  return {
    create,
    withdraw,
    open: [...kept.map(({ spec }) => spec), ...create.map(({ spec }) => spec)],
    judged,
    findings: judged.flatMap(({ judgement }) => (judgement.kind === 'Refused' ? [judgement.finding] : [])),
  };
}

/** A workload is idle when every one of its GPU pods is: part of a gang cannot be taken from it. */
function proposalFor(
  { policy, settings }: Facts,
  queries: readonly string[],
  pods: readonly Judged[],
): readonly Proposal[] {
  const idle = pods.flatMap(({ target, judgement }): IdlePod[] =>
    judgement.kind === 'Idle' ? [{ target, seen: judgement.seen }] : [],
  );
  const [first, ...others] = idle.toSorted((a, b) => (a.target.pod.name < b.target.pod.name ? -1 : 1));
  if (first === undefined || idle.length < pods.length) return [];
  return [propose(policy, [first, ...others], settings, queries)];
}

function withdrawalOf(
  recommendation: OptimizationRecommendation,
  settings: Settings,
  judged: readonly Judged[],
  proposals: readonly Proposal[],
): readonly Withdrawal[] {
  const { targetRef } = recommendation.spec;
  if (settings.mode === 'Observe') return [{ recommendation, why: 'NotAsked' }];
  const pods = judged.filter(({ target }) => target.workload.uid === targetRef.uid);
  if (pods.length === 0) return [{ recommendation, why: 'Ended' }];
  if (pods.some(({ judgement }) => judgement.kind === 'Busy')) return [{ recommendation, why: 'BusyAgain' }];
  if (pods.some(({ judgement }) => judgement.kind === 'Kept')) return [{ recommendation, why: 'Kept' }];
  const proposal = proposals.find(({ spec }) => spec.targetRef.uid === targetRef.uid);
  const replaced = proposal !== undefined && proposal.name !== recommendation.metadata.name;
  return replaced ? [{ recommendation, why: 'Superseded' }] : [];
}
