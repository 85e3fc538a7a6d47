import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';

import type { Clock } from '../clock.ts';
import { type PrometheusLimits, prometheusSource } from './prometheus.ts';

const matrix = (values: unknown = [[1785585600.5, '0.25']]) =>
  JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [{ metric: { pod: 'a' }, values }] } });

const instant: Clock = { now: () => 0, monotonic: () => 0, sleep: async () => undefined };
const closers: (() => Promise<void>)[] = [];

type Answer = (response: ServerResponse, attempt: number) => void;

async function serve(answer: Answer, limits: Partial<PrometheusLimits> = {}) {
  const asked: { readonly path: string; readonly form: URLSearchParams }[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    asked.push({ path: request.url ?? '', form: new URLSearchParams(body) });
    answer(response, asked.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const outcomes: string[] = [];
  const url = `http://127.0.0.1:${port}/prefix/`;
  const source = prometheusSource({ url, clock: instant, limits, observe: (outcome) => outcomes.push(outcome) });
  return { source, asked, outcomes };
}

const say =
  (status: number, body: string): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  };

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

describe('the Prometheus client', () => {
  it('asks for raw samples at an instant and keeps a path prefix', async () => {
    const { source, asked } = await serve(say(200, matrix()));
    const signal = new AbortController().signal;
    expect(await source.at('m{namespace="a"}[60s]', 1_785_585_600_123, signal)).toEqual([
      { labels: { pod: 'a' }, samples: [{ at: 1_785_585_600_500, value: 0.25 }] },
    ]);
    expect(asked[0]?.path).toBe('/prefix/api/v1/query');
    expect(asked[0]?.form.get('query')).toBe('m{namespace="a"}[60s]');
    expect(asked[0]?.form.get('time')).toBe('1785585600.123');
  });

  it('asks for a range with its step', async () => {
    const { source, asked } = await serve(say(200, matrix()));
    await source.over('q', { start: 1_000, end: 61_000, stepSeconds: 15 }, new AbortController().signal);
    expect(asked[0]?.path).toBe('/prefix/api/v1/query_range');
    expect(Object.fromEntries(asked[0]?.form ?? [])).toMatchObject({ start: '1.000', end: '61.000', step: '15' });
  });

  interface Row {
    readonly name: string;
    readonly answer: Answer;
    readonly limits?: Partial<PrometheusLimits>;
    readonly code: string;
    readonly attempts: number;
  }
  const rows: readonly Row[] = [
    { name: 'a server that starts', answer: say(503, 'not ready'), code: 'PrometheusOverloaded', attempts: 3 },
    { name: 'a bad query', answer: say(400, '{"status":"error"}'), code: 'PrometheusRefused', attempts: 1 },
    {
      name: 'an error under 200',
      answer: say(200, '{"status":"error","error":"boom"}'),
      code: 'PrometheusRefused',
      attempts: 1,
    },
    { name: 'a login page', answer: say(200, '<html>'), code: 'ResponseMalformed', attempts: 1 },
    {
      name: 'a vector',
      answer: say(200, '{"status":"success","data":{"resultType":"vector","result":[]}}'),
      code: 'ResponseMalformed',
      attempts: 1,
    },
    { name: 'a sample of a wrong shape', answer: say(200, matrix([[1, 2]])), code: 'ResponseMalformed', attempts: 1 },
    {
      name: 'more bytes than allowed',
      answer: say(200, ' '.repeat(2_000)),
      limits: { maxBytes: 1_000 },
      code: 'ResponseTooLarge',
      attempts: 1,
    },
    { name: 'silence', answer: () => undefined, limits: { timeoutMillis: 80 }, code: 'PrometheusTimeout', attempts: 1 },
    {
      name: 'a broken connection',
      answer: (response) => response.destroy(),
      code: 'PrometheusUnreachable',
      attempts: 3,
    },
  ];
  for (const { name, answer, limits, code, attempts } of rows) {
    it(`${name}: ${code} after ${attempts} attempts`, async () => {
      const { source, asked, outcomes } = await serve(answer, limits);
      await expect(source.at('q', 0, new AbortController().signal)).rejects.toMatchObject({
        name: 'TelemetryError',
        code,
      });
      expect(asked).toHaveLength(attempts);
      if (code !== 'ResponseMalformed' && name !== 'an error under 200')
        expect(outcomes.every((one) => one === code)).toBe(true);
    });
  }

  it('goes on when an overloaded server recovers', async () => {
    const { source, outcomes } = await serve((response, attempt) =>
      attempt === 1 ? say(429, '')(response, attempt) : say(200, matrix())(response, attempt),
    );
    expect(await source.at('q', 0, new AbortController().signal)).toHaveLength(1);
    expect(outcomes).toEqual(['PrometheusOverloaded', 'ok']);
  });

  it('stops when the pass is aborted, with the reason of the abort', async () => {
    const { source } = await serve(() => undefined);
    const stop = new AbortController();
    const asking = source.at('q', 0, stop.signal);
    stop.abort(new Error('lease lost'));
    await expect(asking).rejects.toThrow('lease lost');
  });

  it('drops samples that are not numbers', async () => {
    const { source } = await serve(
      say(
        200,
        matrix([
          [1, 'NaN'],
          [2, '+Inf'],
          [3, '1e3'],
        ]),
      ),
    );
    const [series] = await source.at('q', 0, new AbortController().signal);
    expect(series?.samples).toEqual([
      { at: 2_000, value: Number.POSITIVE_INFINITY },
      { at: 3_000, value: 1_000 },
    ]);
  });
});
