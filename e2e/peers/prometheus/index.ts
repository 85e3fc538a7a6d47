/** A real Prometheus for tests and the demo. */
export { type RunningPrometheus, startPrometheus } from './prometheus.ts';
