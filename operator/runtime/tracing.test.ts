import { createServer, type Server } from 'node:http';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRegistry, systemClock } from '../observability/index.ts';
import { Transport } from './client/transport.ts';
import { controller } from './controller/builder.ts';
import { type Controller, createManager } from './index.ts';
import { FakeServer, silentLog, until } from './testing/index.ts';
import { Toy, toyMaker } from './testing/toys.ts';

const spans = new InMemorySpanExporter();

beforeAll(() => {
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
});

afterAll(() => {
  for (const api of [trace, context, propagation]) api.disable();
});

beforeEach(() => spans.reset());

/** Runs the controllers over one toy until a span of that name has ended. */
async function spansUntil(name: string, controllers: readonly Controller[]): Promise<void> {
  const fake = await FakeServer.start();
  const toy: Toy = { metadata: { namespace: 'a', name: 't' }, spec: { size: 1 } };
  fake.api.create('toys.example.com', toy);
  const end = new AbortController();
  const rooms = [{ name: 'toys', controllers, runnables: [] }];
  const leaderElection = { namespace: 'default', name: 'toys' };
  const manager = createManager({
    cluster: fake.cluster,
    rooms,
    log: silentLog,
    registry: createRegistry(),
    leaderElection,
  });
  const ended = manager.run(end.signal);
  await until(name, () => spans.getFinishedSpans().some((span) => span.name === name), 20_000);
  end.abort();
  await ended;
  await fake.close();
}

const named = (name: string) => spans.getFinishedSpans().find((span) => span.name === name);

describe('traces, when the process has an SDK', () => {
  test('a pass is a span, and what it sends are its children', async () => {
    await spansUntil('reconcile toy', [toyMaker]);
    const pass = named('reconcile toy');
    expect(pass?.attributes).toMatchObject({
      'gpuopt.controller': 'toy',
      'gpuopt.key': 'a/t',
      'gpuopt.result': 'success',
    });
    for (const name of ['PATCH configmaps', 'PATCH toys/status']) {
      expect(named(name)?.parentSpanContext?.spanId, name).toBe(pass?.spanContext().spanId);
    }
    expect(named('PATCH configmaps')?.attributes).toMatchObject({ 'url.path': '/api/v1/namespaces/a/configmaps/t' });
  });

  test('the lease is not traced', async () => {
    await spansUntil('reconcile toy', [toyMaker]);
    expect(spans.getFinishedSpans().filter(({ name }) => name.includes('leases'))).toEqual([]);
  });

  test('a pass that fails says how', async () => {
    await spansUntil('reconcile toy', [controller(Toy).reconcile(() => Promise.reject(new RangeError('too large')))]);
    const pass = named('reconcile toy');
    expect(pass?.status).toMatchObject({ code: 2, message: 'too large' });
    expect(pass?.events.map(({ name, attributes }) => `${name} ${attributes?.['exception.message']}`)).toEqual([
      'exception too large',
    ]);
  });

  test('a request carries the trace to the server', async () => {
    const heard: (string | string[] | undefined)[] = [];
    const server = createServer((request, response) => {
      heard.push(request.headers.traceparent);
      response.end('{}');
    });
    const port = await listening(server);
    const cluster = {
      server: `http://127.0.0.1:${port}`,
      namespace: 'a',
      credentials: async () => ({ headers: {}, tls: {} }),
    };
    const transport = new Transport(cluster, systemClock, { requested: () => undefined });
    await transport.send({ method: 'GET', path: '/api/v1/namespaces/a/pods/b/status', timeoutMillis: 5_000 });
    await transport.close();
    server.close();
    const span = named('GET pods/status')?.spanContext();
    expect(heard).toEqual([`00-${span?.traceId}-${span?.spanId}-01`]);
  });
});

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
