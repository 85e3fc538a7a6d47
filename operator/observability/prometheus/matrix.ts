import type { Series } from './series.ts';
import { TelemetryError } from './telemetry-error.ts';

/** Reads an answer of type `matrix`. Throws `PrometheusRefused` for an error answer, `ResponseMalformed` for any other. */
export function parseMatrix(text: string): readonly Series[] {
  const answer = parseJson(text);
  if (field(answer, 'status') === 'error') {
    throw new TelemetryError('PrometheusRefused', `Prometheus refused the query: ${String(field(answer, 'error'))}`);
  }
  const data = field(answer, 'data');
  const result = field(data, 'result');
  if (field(data, 'resultType') !== 'matrix' || !Array.isArray(result)) throw malformed('data.result is not a matrix');
  return result.map(series);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed('it is not JSON', cause);
  }
}

function series(entry: unknown): Series {
  const values = field(entry, 'values');
  if (!Array.isArray(values)) throw malformed('a series has no values');
  return {
    labels: labels(field(entry, 'metric')),
    samples: values.map(sample).filter(({ value }) => !Number.isNaN(value)),
  };
}

/** A value is `[seconds, "text"]`; NaN is a legal text and no observation, so it is dropped by the caller. */
function sample(entry: unknown): { readonly at: number; readonly value: number } {
  if (!Array.isArray(entry) || typeof entry[0] !== 'number' || typeof entry[1] !== 'string') {
    throw malformed('a sample is not [time, "value"]');
  }
  return { at: Math.round(entry[0] * 1000), value: number(entry[1]) };
}

function number(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  return Number(text);
}

function labels(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) throw malformed('a series has no labels');
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]));
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function malformed(what: string, cause?: unknown): TelemetryError {
  return new TelemetryError('ResponseMalformed', `the answer is not one of Prometheus' HTTP API: ${what}`, { cause });
}
