import { stringify } from 'yaml';

/** What is scraped, and how often. */
export interface ScrapePlan {
  readonly intervalSeconds: number;
  readonly jobs: readonly ScrapeJob[];
  /** Files with recording and alerting rules. */
  readonly ruleFiles?: readonly string[];
}

/** One job: a name and the addresses to scrape, each as `http://HOST:PORT[/path]`. */
export interface ScrapeJob {
  readonly name: string;
  readonly urls: readonly string[];
}

/** A prometheus.yml. `honor_labels` keeps the exporter's own namespace and pod, which name the workload, not the exporter. */
export function prometheusConfig({ intervalSeconds, jobs, ruleFiles }: ScrapePlan): string {
  const interval = `${intervalSeconds}s`;
  return stringify({
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    ...(ruleFiles === undefined ? {} : { rule_files: ruleFiles }),
    scrape_configs: jobs.flatMap(({ name, urls }) => [
      ...[...Map.groupBy(urls, metricsPath)].map(([path, same], index) => ({
        job_name: index === 0 ? name : `${name}-${index}`,
        honor_labels: true,
        metrics_path: path,
        static_configs: [{ targets: same.map((url) => new URL(url).host) }],
      })),
    ]),
  });
}

function metricsPath(url: string): string {
  const { pathname } = new URL(url);
  return pathname === '/' ? '/metrics' : pathname;
}
