/** Says of each recommendation whether it still holds, and removes it when its policy is gone. */
import { kinds, type OptimizationPolicy } from '../../api/index.ts';
import { type Controller, controller, type Key, type Reader } from '../../runtime/index.ts';
import { recommendationsOf } from '../policy/observe.ts';
import { report } from './report.ts';

/** The controller of OptimizationRecommendation. */
export function optimizationRecommendation(): Controller {
  return controller(kinds.OptimizationRecommendation)
    .watches(kinds.OptimizationPolicy, recommendationKeys, { when: telemetryChanged })
    .may({
      group: 'gpuoptimizer.io',
      resource: 'optimizationrecommendations',
      verbs: ['delete'],
      in: 'cluster',
      why: 'removes a recommendation whose policy is gone',
    })
    .timeout('30s')
    .reconcile(async (recommendation, ctx) => {
      const { namespace } = recommendation.metadata;
      const policy = ctx.get(kinds.OptimizationPolicy, {
        ...(namespace === undefined ? {} : { namespace }),
        name: recommendation.spec.policyRef.name,
      });
      if (policy === undefined) {
        await ctx.remove(kinds.OptimizationRecommendation, recommendation);
        return undefined;
      }
      return { status: report(policy) };
    });
}

function recommendationKeys(policy: OptimizationPolicy, reader: Reader): readonly Key[] {
  const { namespace = '', name } = policy.metadata;
  return recommendationsOf(reader, namespace, name).map(({ metadata }) => ({ namespace, name: metadata.name }));
}

function telemetryChanged(now: OptimizationPolicy, before: OptimizationPolicy): boolean {
  return telemetryOf(now) !== telemetryOf(before);
}

function telemetryOf({ status }: OptimizationPolicy): string {
  const condition = status?.conditions?.find(({ type }) => type === 'TelemetryReady');
  return `${condition?.status}/${condition?.reason}/${condition?.message}`;
}
