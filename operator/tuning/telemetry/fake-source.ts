import { type MetricSource, type Sample, type Series, TelemetryError } from '../../observability/index.ts';
import { type MetricKey, metricNames } from './metric-names.ts';

/** A metric database in memory: answers the two forms of query that this room asks, and nothing else. */
export class FakeSource implements MetricSource {
  readonly asked: string[] = [];
  readonly #series: { readonly metric: string; readonly series: Series }[] = [];
  down: TelemetryError | undefined;

  /** Stores one series. */
  add(metric: MetricKey, labels: Readonly<Record<string, string>>, samples: readonly Sample[]): void {
    this.#series.push({ metric: metricNames[metric], series: { labels, samples } });
  }

  /** Forgets everything. */
  clear(): void {
    this.#series.length = 0;
  }

  async at(query: string, instant: number): Promise<readonly Series[]> {
    const match = /^([A-Z_]+)\{(\w+)="([^"]*)"\}\[(\d+)s\]$/.exec(query);
    return this.#answer(query, match, instant - Number(match?.[4] ?? 0) * 1_000, instant);
  }

  async over(
    query: string,
    { start, end }: { readonly start: number; readonly end: number },
  ): Promise<readonly Series[]> {
    return this.#answer(query, /^max_over_time\(([A-Z_]+)\{(\w+)="([^"]*)"\}\[(\d+)s\]\)$/.exec(query), start, end);
  }

  #answer(query: string, match: RegExpExecArray | null, after: number, until: number): readonly Series[] {
    this.asked.push(query);
    if (this.down !== undefined) throw this.down;
    if (match === null) throw new TelemetryError('PrometheusRefused', `the fake does not understand ${query}`);
    const [, metric, label = '', value] = match;
    return this.#series
      .filter((stored) => stored.metric === metric && stored.series.labels[label] === value)
      .map(({ series }) => ({
        labels: series.labels,
        samples: series.samples.filter(({ at }) => at > after && at <= until),
      }))
      .filter(({ samples }) => samples.length > 0);
  }
}
