/** Keeps the recommendations of a policy in step with what its pods are seen to use. */
import { kinds } from '../../api/index.ts';
import { Node, Pod, seconds } from '../../kube/index.ts';
import { type MetricSource, TelemetryError } from '../../observability/index.ts';
import { type Controller, controller } from '../../runtime/index.ts';
import type { TuningMetrics } from '../metrics.ts';
import { collect } from '../telemetry/collect.ts';
import { devicesByPod } from '../telemetry/devices.ts';
import { decide, type TelemetryFacts } from './decide.ts';
import { idleFound, withdrawn } from './events.ts';
import { observe, recommendationsOf } from './observe.ts';
import { report } from './report.ts';
import { recommendationFor } from './resources.ts';
import { type Settings, settingsOf } from './settings.ts';

/** What the controller needs; without a source every policy says NoMetrics and how to help. */
export interface PolicyDeps {
  readonly source?: MetricSource;
  readonly metrics: TuningMetrics;
}

/** The controller of OptimizationPolicy. */
export function optimizationPolicy({ source, metrics }: PolicyDeps): Controller {
  return controller(kinds.OptimizationPolicy)
    .reads(Pod)
    .reads(Node)
    .reads(kinds.OptimizationRecommendation)
    .may({
      group: 'gpuoptimizer.io',
      resource: 'optimizationrecommendations',
      verbs: ['create', 'delete'],
      in: 'cluster',
      why: 'writes a recommendation for each idle workload and withdraws it when the workload is busy again',
    })
    .every('1m')
    .timeout('60s')
    .gone(async (key, ctx) => {
      metrics.forget(key.namespace ?? '', key.name);
      for (const orphan of recommendationsOf(ctx, key.namespace ?? '', key.name)) {
        await ctx.remove(kinds.OptimizationRecommendation, orphan);
      }
    })
    .reconcile(async (policy, ctx) => {
      const settings = settingsOf(policy.spec);
      const world = observe(policy, ctx);
      const now = ctx.now().getTime();
      const telemetry = await look(source, world.namespace, settings, now, ctx.signal);
      const { name } = policy.metadata;
      const plan = decide({ policy: name, now, settings, targets: world.targets, telemetry, existing: world.existing });
      for (const withdrawal of plan.withdraw) {
        await ctx.remove(kinds.OptimizationRecommendation, withdrawal.recommendation);
        ctx.event(withdrawn(policy, withdrawal));
      }
      for (const proposal of plan.create) {
        const made = await ctx.create(kinds.OptimizationRecommendation, recommendationFor(world.namespace, proposal));
        if (made !== undefined) ctx.event(idleFound(world.namespace, proposal));
      }
      const status = report(settings, telemetry, plan, world.targets.length);
      metrics.record(world.namespace, name, status, plan.findings);
      return { status, after: lookAgainAfter(settings) };
    });
}

/** A sixth of the window finds an idle GPU soon after it has become one; never more often than each 5 s. */
function lookAgainAfter({ windowSeconds }: Settings): number {
  return seconds(Math.min(60, Math.max(5, windowSeconds / 6)));
}

const noSource: TelemetryFacts = {
  kind: 'Unavailable',
  reason: 'NoMetrics',
  message:
    'The operator knows no Prometheus; start it with --prometheus-url or GPUOPT_PROMETHEUS_URL, as in http://prometheus.monitoring.svc:9090.',
};

async function look(
  source: MetricSource | undefined,
  namespace: string,
  settings: Settings,
  now: number,
  signal: AbortSignal,
): Promise<TelemetryFacts> {
  if (source === undefined) return noSource;
  try {
    const telemetry = await collect(source, { namespace, windowSeconds: settings.windowSeconds, end: now }, signal);
    const seen = { devices: devicesByPod(telemetry), resolutionSeconds: telemetry.resolutionSeconds };
    return { kind: 'Read', seen, queries: telemetry.queries };
  } catch (error) {
    if (!(error instanceof TelemetryError)) throw error;
    return { kind: 'Unavailable', reason: error.code, message: `${error.message}; existing recommendations stay.` };
  }
}
