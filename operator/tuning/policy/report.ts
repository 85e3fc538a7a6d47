import type { OptimizationPolicyStatus } from '../../api/index.ts';
import type { ConditionIntent, StatusIntent } from '../../runtime/index.ts';
import type { Finding, GateReason } from '../gate/facts.ts';
import type { Plan, TelemetryFacts } from './decide.ts';
import type { Settings } from './settings.ts';

/** Reasons of Ready. */
export const readyReasons = { recommending: 'Recommending', observing: 'Observing' } as const;

/** Reasons of TelemetryReady beyond those of the gate and of the client. */
export const telemetryReasons = {
  trusted: 'Trusted',
  partlyTrusted: 'PartlyTrusted',
  noTargets: 'NoTargets',
  nothingToJudge: 'NothingToJudge',
} as const;

/** The status of a policy after a pass. */
export function report(
  settings: Settings,
  telemetry: TelemetryFacts,
  plan: Plan,
  targets: number,
): StatusIntent<OptimizationPolicyStatus> {
  const idle = idleTargets(plan);
  const saved = plan.open.reduce((sum, { predicted }) => sum + BigInt(predicted.gpuSecondsPerMonth), 0n);
  return {
    conditions: [ready(settings), telemetryReady(telemetry, plan)],
    targets,
    // Left out when unknown: 0 would say that every GPU is in use.
    ...(idle === undefined ? {} : { idleTargets: idle }),
    recommendations: plan.open.length,
    predictedGpuSecondsPerMonth: saved.toString(),
  };
}

/** Undefined when no target could be judged. */
function idleTargets({ judged, findings }: Plan): number | undefined {
  if (judged === undefined || (findings.length > 0 && findings.length === judged.length)) return undefined;
  return judged.filter(({ judgement }) => judgement.kind === 'Idle').length;
}

function ready({ mode }: Settings): ConditionIntent {
  return mode === 'Observe'
    ? {
        type: 'Ready',
        status: 'True',
        reason: readyReasons.observing,
        message: 'Idle GPUs are counted, nothing is recommended.',
      }
    : {
        type: 'Ready',
        status: 'True',
        reason: readyReasons.recommending,
        message: 'Idle GPUs are recommended to be given back.',
      };
}

/** Whether what is seen can be acted on. False when nothing can; with some targets left out it is True and says which tests failed. */
export function telemetryReady(telemetry: TelemetryFacts, plan: Plan): ConditionIntent {
  const condition = (status: ConditionIntent['status'], reason: string, message: string): ConditionIntent => ({
    type: 'TelemetryReady',
    status,
    reason,
    message,
  });
  if (telemetry.kind === 'Unavailable') return condition('False', telemetry.reason, telemetry.message);
  const judged = plan.judged ?? [];
  if (judged.length === 0)
    return condition('Unknown', telemetryReasons.noTargets, 'No selected pod holds a GPU and runs.');
  const old = judged.filter(({ judgement }) => judgement.kind !== 'Young' && judgement.kind !== 'Kept');
  if (old.length === 0) {
    return condition(
      'Unknown',
      telemetryReasons.nothingToJudge,
      'Every target is younger than the window, or kept by its owner.',
    );
  }
  const [first] = byFrequency(plan.findings);
  if (first === undefined) {
    return condition('True', telemetryReasons.trusted, 'The series of every target pass the quality gate.');
  }
  if (plan.findings.length === old.length) return condition('False', first.reason, sentenceOf(plan.findings));
  const leftOut = `Some targets are left out (${first.reason}): ${sentenceOf(plan.findings)}`;
  return condition('True', telemetryReasons.partlyTrusted, leftOut);
}

/** One sentence a reason, the most frequent first; a single reason stands in the condition already. */
function sentenceOf(findings: readonly Finding[]): string {
  const different = byFrequency(findings);
  return different.map(({ reason, message }) => `${different.length === 1 ? '' : `${reason}: `}${message}.`).join(' ');
}

function byFrequency(findings: readonly Finding[]): readonly Finding[] {
  return [...Map.groupBy(findings, ({ reason }): GateReason => reason).values()]
    .toSorted((a, b) => b.length - a.length)
    .flatMap(([first]) => first ?? []);
}
