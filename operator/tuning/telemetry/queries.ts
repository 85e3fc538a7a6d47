import { type MetricKey, metricNames } from './metric-names.ts';

/**
 * Which label holds the workload's namespace: `namespace` where Prometheus honours the exporter's labels,
 * `exported_namespace` where it does not (honorLabels=false, the GPU Operator's default).
 */
export type LabelForm = 'namespace' | 'exported_namespace';

/** The selector of one metric, confined to one namespace: no query of a policy ever looks beyond its own. */
export function selector(metric: MetricKey, namespace: string, form: LabelForm): string {
  return `${metricNames[metric]}{${form}=${quoted(namespace)}}`;
}

/** Beyond this window raw samples are summarised by step, so that an answer stays bounded at any scrape interval. */
export const RAW_WINDOW_SECONDS = 7_200;
/** Steps of a summarised window: a series is at most this many points. */
export const SUMMARY_POINTS = 720;

/** How one metric is read over a window. `resolutionSeconds` is 0 for raw samples, else the step. */
export type WindowQuery =
  | { readonly kind: 'raw'; readonly text: string; readonly resolutionSeconds: 0 }
  | { readonly kind: 'summary'; readonly text: string; readonly resolutionSeconds: number };

/**
 * Raw samples of a short window; the greatest of each step of a long one. Both look at real samples only: a bare
 * selector in a range query would repeat the last sample for five minutes and hide a gap. The greatest of a step is
 * enough for "below at every sample".
 */
export function windowQuery(metric: MetricKey, namespace: string, form: LabelForm, windowSeconds: number): WindowQuery {
  const chosen = selector(metric, namespace, form);
  if (windowSeconds <= RAW_WINDOW_SECONDS) {
    return { kind: 'raw', text: `${chosen}[${windowSeconds}s]`, resolutionSeconds: 0 };
  }
  const step = Math.ceil(windowSeconds / SUMMARY_POINTS);
  return { kind: 'summary', text: `max_over_time(${chosen}[${step}s])`, resolutionSeconds: step };
}

/** A PromQL string literal; its escapes are Go's, of which JSON's are a subset for what a namespace may hold. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
