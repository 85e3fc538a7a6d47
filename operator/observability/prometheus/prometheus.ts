import { type Dispatcher, errors, request } from 'undici';

import type { Clock } from '../clock.ts';
import { parseMatrix } from './matrix.ts';
import type { Series } from './series.ts';
import { TelemetryError } from './telemetry-error.ts';

/** Where metrics are asked for: an interface, so that tests and replays bring their own. */
export interface MetricSource {
  /** Evaluates a query whose result is a range vector, such as `m{…}[60s]`, at one instant (milliseconds). */
  at(query: string, instant: number, signal: AbortSignal): Promise<readonly Series[]>;
  /** Evaluates a query at every step of a range; both ends in milliseconds, the step in seconds. */
  over(query: string, range: Range, signal: AbortSignal): Promise<readonly Series[]>;
}

/** A span of time with a step. */
export interface Range {
  readonly start: number;
  readonly end: number;
  readonly stepSeconds: number;
}

/** Limits of the client; the defaults are derived beside them. */
export interface PrometheusLimits {
  /** Prometheus' own query timeout is 2 min; a pass must not wait for that. */
  readonly timeoutMillis: number;
  /** 1,000 series of 720 samples at 26 bytes are 19 MB. */
  readonly maxBytes: number;
  /** Pauses before the second, third … attempt. */
  readonly retryMillis: readonly number[];
}

const defaultLimits: PrometheusLimits = {
  timeoutMillis: 10_000,
  maxBytes: 32 * 1024 * 1024,
  retryMillis: [250, 1_000],
};

/** What the client needs. */
export interface PrometheusDeps {
  /** The address of the server, as in `http://prometheus.monitoring:9090`; a path prefix is kept. */
  readonly url: string;
  readonly clock: Clock;
  readonly limits?: Partial<PrometheusLimits>;
  /** Told the outcome of every attempt: `ok` or an error code. */
  readonly observe?: (outcome: string) => void;
  readonly dispatcher?: Dispatcher;
}

/** Asks a Prometheus server over its HTTP API (prometheus/prometheus docs/querying/api.md). Only reads. */
export function prometheusSource(deps: PrometheusDeps): MetricSource {
  const limits: PrometheusLimits = { ...defaultLimits, ...deps.limits };
  const base = deps.url.replace(/\/+$/, '');
  const ask = (path: string, fields: Readonly<Record<string, string>>, signal: AbortSignal) =>
    withRetry(deps, limits, signal, () => post(`${base}${path}`, fields, limits, signal, deps.dispatcher));
  const timeout = `${Math.ceil(limits.timeoutMillis / 1000)}s`;
  return {
    at: async (query, instant, signal) =>
      parseMatrix(await ask('/api/v1/query', { query, time: seconds(instant), timeout }, signal)),
    over: async (query, { start, end, stepSeconds }, signal) =>
      parseMatrix(
        await ask(
          '/api/v1/query_range',
          { query, start: seconds(start), end: seconds(end), step: String(stepSeconds), timeout },
          signal,
        ),
      ),
  };
}

/** POST with a form body, because a URL with a long selector may exceed a proxy's limit; the API allows both. */
async function post(
  url: string,
  fields: Readonly<Record<string, string>>,
  limits: PrometheusLimits,
  signal: AbortSignal,
  dispatcher: Dispatcher | undefined,
): Promise<string> {
  const deadline = AbortSignal.timeout(limits.timeoutMillis);
  try {
    const response = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams(fields).toString(),
      signal: AbortSignal.any([signal, deadline]),
      ...(dispatcher === undefined ? {} : { dispatcher }),
    });
    const text = await bounded(response.body, limits.maxBytes);
    if (response.statusCode === 200) return text;
    throw refused(response.statusCode, text);
  } catch (cause) {
    if (cause instanceof TelemetryError) throw cause;
    signal.throwIfAborted();
    throw deadline.aborted || cause instanceof errors.HeadersTimeoutError || cause instanceof errors.BodyTimeoutError
      ? new TelemetryError('PrometheusTimeout', `Prometheus did not answer within ${limits.timeoutMillis} ms`, {
          cause,
        })
      : new TelemetryError('PrometheusUnreachable', 'Prometheus cannot be reached', { cause });
  }
}

async function bounded(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new TelemetryError(
        'ResponseTooLarge',
        `Prometheus answered with more than ${maxBytes} bytes; choose a shorter idle window or a narrower podSelector`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function refused(status: number, text: string): TelemetryError {
  if (status === 429 || status === 503) {
    return new TelemetryError('PrometheusOverloaded', `Prometheus answered ${status}: it is starting or overloaded`);
  }
  return new TelemetryError('PrometheusRefused', `Prometheus answered ${status}: ${text.slice(0, 200)}`);
}

const retryable = new Set(['PrometheusUnreachable', 'PrometheusOverloaded']);

async function withRetry(
  deps: PrometheusDeps,
  limits: PrometheusLimits,
  signal: AbortSignal,
  attempt: () => Promise<string>,
): Promise<string> {
  for (let failures = 0; ; failures += 1) {
    try {
      const answer = await attempt();
      deps.observe?.('ok');
      return answer;
    } catch (error) {
      if (!(error instanceof TelemetryError)) throw error;
      deps.observe?.(error.code);
      const pause = limits.retryMillis[failures];
      if (pause === undefined || !retryable.has(error.code)) throw error;
      await deps.clock.sleep(pause, signal);
    }
  }
}

const seconds = (millis: number): string => (millis / 1000).toFixed(3);
