import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRegistry } from '../../observability/index.ts';
import { createManager, type Manager } from '../manager.ts';
import { createAuthority } from '../testing/certificate.ts';
import { FakeServer } from '../testing/fake-server.ts';
import { Toy, toyMaker } from '../testing/toys.ts';
import { silentLog, until } from '../testing/wait.ts';
import { validating } from './admission.ts';

const host = '127.0.0.1';
const DRAIN_MS = 400;

let fake: FakeServer;
let folder: string;
let end: AbortController;
let manager: Manager;
let ended: Promise<unknown>;

beforeEach(async () => {
  fake = await FakeServer.start();
  folder = await mkdtemp(join(tmpdir(), 'webhooks-'));
  end = new AbortController();
});

afterEach(async () => {
  end.abort();
  await ended;
  await fake.close();
  await rm(folder, { recursive: true, force: true });
});

async function mount(expires?: Date): Promise<void> {
  const { cert, key } = createAuthority().issue({ commonName: 'toys', ips: [host], until: expires });
  await writeFile(join(folder, 'tls.crt'), cert);
  await writeFile(join(folder, 'tls.key'), key);
}

function start(): void {
  manager = createManager({
    cluster: fake.cluster,
    rooms: [{ name: 'toys', controllers: [toyMaker], runnables: [] }],
    log: silentLog,
    registry: createRegistry(),
    http: { port: 0, host },
    leaderElection: { namespace: 'default', name: 'toys', identity: 'one' },
    webhooks: {
      port: 0,
      host,
      certificates: folder,
      hooks: [validating(Toy, '/toys', () => ({ allowed: true }))],
      drainMillis: DRAIN_MS,
    },
  });
  ended = manager.run(end.signal).then(
    () => 'stopped',
    (error: unknown) => error,
  );
}

const ready = async (): Promise<string> => {
  const answer = await fetch(`http://${host}:${manager.port()}/readyz`);
  return await answer.text();
};
const holder = (): unknown => {
  const lease = fake.api.list('leases.coordination.k8s.io').find(({ metadata }) => metadata.name === 'toys');
  return Reflect.get(Object(lease?.spec), 'holderIdentity');
};

describe('a manager with webhooks', () => {
  it('listens before its caches are full, and names them in readiness', async () => {
    await mount();
    fake.unserved.add('toys.example.com');
    start();
    await until('it listens', () => manager.webhookPort() !== undefined);
    const text = await ready();
    expect(text).toContain('[+]webhooks ok');
    expect(text).toContain('[-]informer-toys.example.com failed');
  });

  it('is not ready with a certificate that has expired', async () => {
    await mount(new Date(Date.now() - 1_000));
    start();
    await until('it listens', () => manager.webhookPort() !== undefined);
    expect(await ready()).toContain('[-]webhooks failed: the certificate in');
  });

  it('does not start without a certificate, and leaves nothing open', async () => {
    start();
    expect(await ended).toMatchObject({ code: 'CertificateError' });
    await expect(ready()).rejects.toThrow('fetch failed');
  });

  it('gives its lease away at once when it is told to stop, and takes requests until it has drained', async () => {
    await mount();
    start();
    await until('it leads', () => manager.leads());
    const port = manager.webhookPort();
    end.abort();
    await until('the lease is empty', () => holder() === '');
    expect(manager.webhookPort()).toBe(port);
    expect(await ready()).toContain('[-]shutdown failed: stopping');
    expect(await ended).toBe('stopped');
    expect(manager.webhookPort()).toBe(0);
  });
});
