import type { MetricSource, Series } from '../../observability/index.ts';
import { type MetricKey, metricKeys } from './metric-names.ts';
import { type LabelForm, windowQuery } from './queries.ts';

/** What was asked and what came back, over one window of one namespace. */
export interface Telemetry {
  readonly queries: readonly string[];
  readonly form: LabelForm;
  /** 0 for raw samples, else the seconds that one point stands for. */
  readonly resolutionSeconds: number;
  readonly series: Readonly<Record<MetricKey, readonly Series[]>>;
}

/** The window to read: it ends at `end` (milliseconds). */
export interface WindowRequest {
  readonly namespace: string;
  readonly windowSeconds: number;
  readonly end: number;
}

/** Reads every metric of the namespace over the window. The first form of labels that yields a series is the one in use. */
export async function collect(source: MetricSource, request: WindowRequest, signal: AbortSignal): Promise<Telemetry> {
  const honoured = await read(source, request, 'namespace', signal);
  if (hasPods(honoured, 'pod')) return honoured;
  const exported = await read(source, request, 'exported_namespace', signal);
  return hasPods(exported, 'exported_pod') ? exported : honoured;
}

/** Without a pod label a series says nothing about a workload; the exporter's own pod is `pod` where labels are not honoured. */
function hasPods(telemetry: Telemetry, label: 'pod' | 'exported_pod'): boolean {
  return metricKeys.some((key) =>
    telemetry.series[key].some(({ labels }) => (labels[label] ?? '') !== '' && !misread(labels, label)),
  );
}

function misread(labels: Series['labels'], label: 'pod' | 'exported_pod'): boolean {
  return label === 'pod' && labels.exported_namespace !== undefined;
}

async function read(
  source: MetricSource,
  { namespace, windowSeconds, end }: WindowRequest,
  form: LabelForm,
  signal: AbortSignal,
): Promise<Telemetry> {
  const queries = metricKeys.map((key) => windowQuery(key, namespace, form, windowSeconds));
  const start = end - windowSeconds * 1000;
  const answers = await Promise.all(
    queries.map((query) =>
      query.kind === 'raw'
        ? source.at(query.text, end, signal)
        : source.over(query.text, { start, end, stepSeconds: query.resolutionSeconds }, signal),
    ),
  );
  const [engine = [], sm = [], util = [], power = [], energy = [], memoryUsed = []] = answers;
  return {
    queries: queries.map(({ text }) => text),
    form,
    resolutionSeconds: queries[0]?.resolutionSeconds ?? 0,
    series: { engine, sm, util, power, energy, memoryUsed },
  };
}
