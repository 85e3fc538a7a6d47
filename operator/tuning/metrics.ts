import { Counter, Gauge } from 'prom-client';

import type { OptimizationPolicyStatus } from '../api/index.ts';
import type { Registry } from '../observability/index.ts';
import type { StatusIntent } from '../runtime/index.ts';
import type { Finding } from './gate/facts.ts';

/** What the room tells its own Prometheus. */
export interface TuningMetrics {
  /** Sets the numbers of one policy to what a pass found. */
  record(
    namespace: string,
    policy: string,
    status: StatusIntent<OptimizationPolicyStatus>,
    findings: readonly Finding[],
  ): void;
  /** Drops the numbers of a policy that is gone. */
  forget(namespace: string, policy: string): void;
  /** Counts one request to Prometheus: `ok` or an error code. */
  asked(outcome: string): void;
}

/** Registers the room's metrics. */
export function tuningMetrics(registry: Registry): TuningMetrics {
  const registers = [registry];
  const labelNames = ['namespace', 'policy'] as const;
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames, registers });
  const targets = gauge('gpuopt_tuning_targets', 'Running GPU pods that a policy selects.');
  const idle = gauge('gpuopt_tuning_idle_targets', 'Targets found idle; absent while telemetry cannot be had.');
  const open = gauge('gpuopt_tuning_recommendations', 'Open recommendations of a policy.');
  const predicted = gauge(
    'gpuopt_tuning_predicted_gpu_seconds',
    'GPU-seconds that the open recommendations would free in 30 days.',
  );
  const ready = gauge('gpuopt_tuning_telemetry_ready', '1 when telemetry can be acted on, 0 when not.');
  const refused = new Gauge({
    name: 'gpuopt_tuning_gate_refused_targets',
    help: 'Targets whose telemetry the quality gate refuses, by reason.',
    labelNames: ['namespace', 'policy', 'reason'] as const,
    registers,
  });
  const requests = new Counter({
    name: 'gpuopt_tuning_prometheus_requests_total',
    help: 'Requests to Prometheus by outcome: ok, or the code of the error.',
    labelNames: ['outcome'] as const,
    registers,
  });
  requests.inc({ outcome: 'ok' }, 0);
  const reasons = new Map<string, Set<string>>();
  const forgetReasons = (namespace: string, policy: string): void => {
    for (const reason of reasons.get(`${namespace}/${policy}`) ?? []) refused.remove({ namespace, policy, reason });
    reasons.delete(`${namespace}/${policy}`);
  };
  return {
    record: (namespace, policy, status, findings) => {
      const labels = { namespace, policy };
      targets.set(labels, status.targets ?? 0);
      if (status.idleTargets === undefined) idle.remove(labels);
      if (status.idleTargets !== undefined) idle.set(labels, status.idleTargets);
      open.set(labels, status.recommendations ?? 0);
      predicted.set(labels, Number(status.predictedGpuSecondsPerMonth ?? '0'));
      const condition = status.conditions.find(({ type }) => type === 'TelemetryReady');
      ready.set(labels, condition?.status === 'True' ? 1 : 0);
      forgetReasons(namespace, policy);
      const byReason = Map.groupBy(findings, ({ reason }) => reason);
      for (const [reason, found] of byReason) refused.set({ ...labels, reason }, found.length);
      reasons.set(`${namespace}/${policy}`, new Set(byReason.keys()));
    },
    forget: (namespace, policy) => {
      for (const one of [targets, idle, open, predicted, ready]) one.remove({ namespace, policy });
      forgetReasons(namespace, policy);
    },
    asked: (outcome) => requests.inc({ outcome }),
  };
}
