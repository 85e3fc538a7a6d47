/** Logger, metrics registry, clock: what every room gets injected. */
export { type Clock, systemClock } from './clock.ts';
export { DurationError, parseDuration } from './duration.ts';
export { createLogger, type Logger } from './logger.ts';
export { createRegistry, type Registry } from './metrics.ts';
export { type MetricSource, prometheusSource } from './prometheus/prometheus.ts';
export type { Sample, Series } from './prometheus/series.ts';
export { TelemetryError } from './prometheus/telemetry-error.ts';
export { type Trace, traced, traceHeaders } from './tracing.ts';
