import { type Clock, type Logger, prometheusSource, type Registry } from '../observability/index.ts';
import type { Room } from '../runtime/index.ts';
import { tuningMetrics } from './metrics.ts';
import { optimizationPolicy } from './policy/controller.ts';
import { optimizationRecommendation } from './recommendation/controller.ts';

/** What the room needs from the process. */
export interface TuningDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: Registry;
  /** Where telemetry is asked for. From the operator's flag only: a namespaced resource never chooses the server. */
  readonly prometheusUrl?: string;
}

/** The room that finds what could run on less. */
export function tuningRoom({ clock, log, registry, prometheusUrl }: TuningDeps): Room {
  const metrics = tuningMetrics(registry);
  if (prometheusUrl === undefined)
    log.warn({ room: 'tuning' }, 'no Prometheus is configured; nothing will be recommended');
  const source =
    prometheusUrl === undefined ? undefined : prometheusSource({ url: prometheusUrl, clock, observe: metrics.asked });
  return {
    name: 'tuning',
    controllers: [
      optimizationPolicy({ ...(source === undefined ? {} : { source }), metrics }),
      optimizationRecommendation(),
    ],
    runnables: [],
  };
}
