import { Gauge } from 'prom-client';
import { afterEach, expect, test } from 'vitest';
import { createRegistry } from '../../observability/index.ts';
import { type Check, type HttpServer, serveHttp } from './http.ts';

const servers: HttpServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function ask(path: string, checks: readonly Check[] = [], collect?: () => void): Promise<[number, string]> {
  const registry = createRegistry();
  if (collect !== undefined) new Gauge({ name: 'one', help: 'one', registers: [registry], collect });
  const server = await serveHttp({
    port: 0,
    host: '127.0.0.1',
    registry,
    live: () => [],
    ready: () => checks,
    checkMillis: 100,
  });
  servers.push(server);
  const answer = await fetch(`http://127.0.0.1:${server.port}${path}`);
  return [answer.status, await answer.text()];
}

test('a gauge that throws is answered with 500 and does not end the process', async () => {
  const broken = (): never => {
    throw new RangeError('no such number');
  };
  expect(await ask('/metrics', [], broken)).toEqual([500, 'no such number']);
});

test('a check that throws fails by its name, beside the others', async () => {
  const checks = [
    { name: 'good', check: () => undefined },
    { name: 'database', check: () => Promise.reject(new Error('connection refused')) },
  ];
  const [status, text] = await ask('/readyz', checks);
  expect(status).toBe(503);
  expect(text).toContain('[+]good ok');
  expect(text).toContain('[-]database failed: connection refused');
});

test('a check that never ends fails by its name', async () => {
  const checks = [{ name: 'database', check: () => new Promise<undefined>(() => undefined) }];
  const [status, text] = await ask('/readyz', checks);
  expect(status).toBe(503);
  expect(text).toContain('[-]database failed: no answer within 100 ms');
});

const two: readonly Check[] = [
  { name: 'good', check: () => undefined },
  { name: 'informer-pods', check: () => 'not complete' },
];
const unknown = 'try /metrics, /healthz or /readyz, or one check as in /readyz/shutdown\n';
test.each([
  {
    name: 'all of them',
    path: '/readyz',
    status: 503,
    text: '[+]good ok\n[-]informer-pods failed: not complete\nreadyz check failed\n',
  },
  {
    name: 'one that fails',
    path: '/readyz/informer-pods',
    status: 503,
    text: '[-]informer-pods failed: not complete\nreadyz/informer-pods check failed\n',
  },
  { name: 'one that passes', path: '/readyz/good', status: 200, text: '[+]good ok\nreadyz/good check passed\n' },
  {
    name: 'all but one',
    path: '/readyz?exclude=informer-pods',
    status: 200,
    text: '[+]good ok\nreadyz check passed\n',
  },
  {
    name: 'one that there is not',
    path: '/readyz/bad',
    status: 404,
    text: unknown,
  },
  { name: 'no path', path: '//', status: 404, text: unknown },
  {
    name: 'an unknown path',
    path: '/',
    status: 404,
    text: unknown,
  },
])('checks by name: $name', async ({ path, status, text }) => {
  expect(await ask(path, two)).toEqual([status, text]);
});
