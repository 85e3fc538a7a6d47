/** A real Prometheus for tests and the demo. */
export type { ScrapeJob, ScrapePlan } from './config.ts';
export { type PrometheusOptions, prometheusBinary, type RunningPrometheus, startPrometheus } from './prometheus.ts';
