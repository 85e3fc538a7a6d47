import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { Agent, type RequestOptions, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRegistry, type Registry, systemClock } from '../../observability/index.ts';
import { type Authority, createAuthority } from '../testing/certificate.ts';
import { Toy } from '../testing/toys.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { silentLog, until } from '../testing/wait.ts';
import type { Reader } from '../types.ts';
import { validating } from './admission.ts';
import { readKeyPair } from './certificates.ts';
import { WebhookMetrics } from './metrics.ts';
import { serveWebhooks, type WebhookServer, type WebhookServerOptions } from './server.ts';
import type { Webhook } from './webhook.ts';

const nothing: Reader = { get: () => undefined, list: () => [] };
const host = '127.0.0.1';
const review = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'u-1',
    kind: { group: 'example.com', version: 'v1', kind: 'Toy' },
    operation: 'CREATE',
    object: { metadata: { name: 'a' } },
  },
};

let folder: string;
let authority: Authority;
let registry: Registry;
let server: WebhookServer | undefined;
let agent: Agent;
let held: PromiseWithResolvers<void>;

const hooks: readonly Webhook[] = [
  validating(Toy, '/yes', () => ({ allowed: true })),
  validating(Toy, '/throws', () => {
    throw new TypeError('oops');
  }),
  validating(Toy, '/held', async () => {
    await held.promise;
    return { allowed: true };
  }),
];

/** Mounts a pair as Kubernetes does: a folder of its own, and a link that is swapped. */
async function mount(
  version: string,
  { cert, key } = authority.issue({ commonName: version, ips: [host] }),
): Promise<void> {
  await mkdir(join(folder, version));
  await writeFile(join(folder, version, 'tls.crt'), cert);
  await writeFile(join(folder, version, 'tls.key'), key);
  await symlink(version, join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
}

async function start(more: Partial<WebhookServerOptions> = {}): Promise<WebhookServer> {
  const options = { port: 0, host, certificates: folder, hooks, ...more };
  const metrics = new WebhookMetrics(registry);
  server = await serveWebhooks(options, { reader: nothing, clock: systemClock, log: silentLog, metrics });
  return server;
}

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly connection: string | undefined;
}

function send(path: string, body: string = JSON.stringify(review), options: RequestOptions = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = request({ host, port: server?.port, path, method: 'POST', agent, ...options }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text, connection: answer.headers.connection }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** Who answers a new connection: the common name of the certificate. */
function nameServed(options: { readonly maxVersion?: 'TLSv1.1' | 'TLSv1.2' } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect(
      { host, port: server?.port ?? 0, ca: authority.cert, minVersion: 'TLSv1', ...options },
      () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.end();
      },
    );
    socket.on('error', reject);
  });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webhooks-'));
  authority = createAuthority();
  registry = createRegistry();
  held = Promise.withResolvers();
  agent = new Agent({ ca: authority.cert, keepAlive: true });
  for (const name of ['tls.crt', 'tls.key']) await symlink(`..data/${name}`, join(folder, name));
  await mount('first');
});

afterEach(async () => {
  held.resolve();
  await server?.close();
  server = undefined;
  agent.destroy();
  await rm(folder, { recursive: true, force: true });
});

describe('the webhook server', () => {
  it('answers reviews, and counts them', async () => {
    await start();
    expect(await send('/yes?timeout=10s')).toMatchObject({ status: 200, connection: 'keep-alive' });
    const { text } = await send('/yes');
    expect(JSON.parse(text).response).toEqual({ uid: 'u-1', allowed: true });
    const metrics = await registry.metrics();
    expect(metrics).toContain('controller_runtime_webhook_requests_total{webhook="/yes",code="200"} 2');
    expect(metrics).toContain('controller_runtime_webhook_requests_total{webhook="/throws",code="500"} 0');
    expect(metrics).toContain('controller_runtime_webhook_requests_in_flight{webhook="/yes"} 0');
    expect(metrics).toContain('controller_runtime_webhook_latency_seconds_count{webhook="/yes"} 2');
    expect(metrics).toContain('certwatcher_read_certificate_total 1');
    expect(metrics).toContain('certwatcher_read_certificate_errors_total 0');
  });

  it('answers 500 under the uid of the request when the code fails, and goes on', async () => {
    await start();
    const { status, text } = await send('/throws');
    expect(status).toBe(500);
    expect(JSON.parse(text).response).toMatchObject({ uid: 'u-1', allowed: false, status: { code: 500 } });
    expect(await send('/yes')).toMatchObject({ status: 200 });
    const metrics = await registry.metrics();
    expect(metrics).toContain('controller_runtime_webhook_requests_total{webhook="/throws",code="500"} 1');
    expect(metrics).toContain('controller_runtime_webhook_panics_total 1');
  });

  it.each([
    { name: 'an unknown path', path: '/none', status: 404, says: 'no webhook at /none' },
    { name: 'another method', path: '/yes', options: { method: 'PUT' }, status: 405, says: 'PUT is not answered' },
    { name: 'what is not JSON', path: '/yes', body: '{', status: 400, says: 'not JSON' },
    { name: 'what is no review', path: '/yes', body: '{}', status: 400, says: 'expected admission.k8s.io/v1' },
    { name: 'too much', path: '/yes', body: ' '.repeat(7 * 1024 ** 2 + 1), status: 413, says: 'at most 7340032 bytes' },
  ])('answers $status to $name', async ({ body, options, path, says, status }) => {
    await start();
    const reply = await send(path, body, options);
    expect(reply.status).toBe(status);
    expect(reply.text).toContain(says);
  });

  it('speaks TLS 1.2 and later only', async () => {
    await start();
    expect(await nameServed({ maxVersion: 'TLSv1.2' })).toBe('first');
    await expect(nameServed({ maxVersion: 'TLSv1.1' })).rejects.toThrow();
  });

  it('takes a new certificate into use while it answers, and keeps the old one when the new one cannot be used', async () => {
    await start();
    await send('/yes');
    await mount('second');
    await until('the second certificate', async () => (await nameServed()) === 'second', 20_000);
    expect(await send('/yes')).toMatchObject({ status: 200 });
    const { cert } = authority.issue({ commonName: 'third', ips: [host] });
    const { key } = authority.issue({ commonName: 'other' });
    await mount('third', { cert, key });
    const errors = async (): Promise<boolean> =>
      /certwatcher_read_certificate_errors_total [1-9]/.test(await registry.metrics());
    await until('the failure is counted', errors, 20_000);
    expect(await nameServed()).toBe('second');
    await mount('fourth');
    await until('the fourth certificate', async () => (await nameServed()) === 'fourth', 20_000);
  }, 60_000);

  it('says that its certificate has expired', async () => {
    const [from, until] = [new Date(Date.now() - 120_000), new Date(Date.now() - 60_000)];
    await mount('old', authority.issue({ commonName: 'old', ips: [host], from, until }));
    const running = await start();
    expect(running.problem()).toMatch(/^the certificate in .* expired at .*; renew it$/);
  });

  it('when it drains it takes requests, closes each connection after its answer, and then ends', async () => {
    const running = await start({ drainMillis: 300 });
    expect(running.problem()).toBeUndefined();
    const slow = send('/held');
    await until('the slow request is here', async () =>
      (await registry.metrics()).includes('in_flight{webhook="/held"} 1'),
    );
    running.drain();
    const ended = running.close();
    expect(await send('/yes')).toMatchObject({ status: 200, connection: 'close' });
    held.resolve();
    expect(await slow).toMatchObject({ status: 200, connection: 'close' });
    await ended;
    expect(running.problem()).toBe('not listening');
    await expect(send('/yes')).rejects.toThrow('ECONNREFUSED');
  });
});

describe('one request', () => {
  const noted: Webhook = {
    path: '/odd',
    type: 'admission',
    answer: async () => ({ review: { count: 1n } }),
  };
  const never: Webhook = { path: '/never', type: 'admission', answer: () => new Promise(() => undefined) };

  it('whose answer is no JSON is answered 500 and counted', async () => {
    await start({ hooks: [noted] });
    expect(await send('/odd')).toMatchObject({ status: 500, text: expect.stringContaining('BigInt') });
    const metrics = await registry.metrics();
    expect(metrics).toContain('controller_runtime_webhook_requests_total{webhook="/odd",code="500"} 1');
    expect(metrics).toContain('controller_runtime_webhook_requests_in_flight{webhook="/odd"} 0');
  });

  it('is given up after thirty seconds', async () => {
    const clock = new VirtualClock();
    const options = { port: 0, host, certificates: folder, hooks: [never], drainMillis: 0 };
    const metrics = new WebhookMetrics(registry);
    server = await serveWebhooks(options, { reader: nothing, clock, log: silentLog, metrics });
    const asked = send('/never');
    await until('it is asked', async () => (await registry.metrics()).includes('in_flight{webhook="/never"} 1'));
    // The body may still be on its way when the request is counted.
    await until('it is given up', async () => {
      await clock.advance(30_000);
      return (await registry.metrics()).includes('in_flight{webhook="/never"} 0');
    });
    expect(await asked).toMatchObject({ status: 500, text: 'no answer within 30 s\n' });
  });
});

describe('a pair', () => {
  it.each([
    {
      name: 'a missing folder',
      spoil: () => rm(folder, { recursive: true }),
      says: /tls.crt cannot be read \(ENOENT\); mount/,
    },
    {
      name: 'what is no certificate',
      spoil: () => mount('bad', { cert: 'x', key: 'y' }),
      says: /are no pair: .*; issue both anew/,
    },
  ])('cannot be read from $name', async ({ says, spoil }) => {
    await spoil();
    await expect(readKeyPair(folder)).rejects.toMatchObject({
      code: 'CertificateError',
      message: expect.stringMatching(says),
    });
  });
});
