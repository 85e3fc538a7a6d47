import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import type { UsageAnswer } from '../../operator/billing/index.ts';
import type { Pod } from '../../operator/kube/index.ts';
import { type StartedPostgres, startPostgres } from '../../operator/store/testing/index.ts';
import { gpuNode, gpuPod, gpuPool, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';
import { Replica } from './install/replica.ts';
import { isBound, isDone, lastEnd, trueSeconds } from './ledger/truth.ts';

const NAMESPACE = 'replica-acme';
const WINDOW_SECONDS = 2;
const TAKEOVER_MS = 20_000;
const node = gpuNode('replica', 'replica-a');

let world: GpuWorld;
let postgres: StartedPostgres;
let folder: string;
let replicas: readonly Replica[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  if ('unavailable' in postgres) return;
  world = await gpuWorld();
  folder = await mkdtemp(join(tmpdir(), 'gpuopt-replicas-'));
  await world.send(
    ['apply', '--server-side'],
    gpuPool('replica', { 'gpuoptimizer.io/scenario': 'replica' }),
    gpuTenant(NAMESPACE, [NAMESPACE]),
    namespaceNamed(NAMESPACE),
  );
  await world.addNodes(node);
  const args = [
    ...['--kubeconfig', world.cluster.kubeconfig, '--database-url', await postgres.database()],
    ...['--namespace', NAMESPACE, '--window-seconds', String(WINDOW_SECONDS), '--seal-grace-seconds', '2'],
  ];
  replicas = ['one', 'two'].map((name) => new Replica(folder, name, args));
  await Promise.all(replicas.map((replica) => replica.start()));
});

afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.end('SIGTERM')));
  if (postgres !== undefined && 'stop' in postgres) {
    await world?.end({
      namespaces: [NAMESPACE],
      objects: ['gpupool/replica', `tenant/${NAMESPACE}`, `node/${node.metadata.name}`],
    });
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

const usage = async ({ server }: Replica): Promise<UsageAnswer> => {
  const query = new URLSearchParams({ tenant: NAMESPACE, from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' });
  const response = await fetch(`${server}/api/v1/usage?${query}`);
  if (!response.ok) throw new Error(`usage answered ${response.status}: ${await response.text()}`);
  return JSON.parse(await response.text());
};
const leaderOf = (all: readonly Replica[]): Replica | undefined => all.find((replica) => replica.leads());
const quantity = ({ meters }: UsageAnswer): bigint => meters.reduce((sum, each) => sum + BigInt(each.quantity), 0n);
const pod = (name: string, gpus: number, seconds: number): Pod => {
  const annotations = { 'gpuoptimizer.io/run-seconds': String(seconds) };
  return gpuPod(NAMESPACE, name, gpuSpec(gpus, { restartPolicy: 'Never' }), { annotations });
};

describe('two replicas on one PostgreSQL', () => {
  beforeEach((ctx: TestContext) => {
    if ('unavailable' in postgres) ctx.skip(postgres.unavailable);
  });

  it('one leads; both are Ready, name the store among their checks, and answer for usage', async () => {
    const leader = await eventually('one leads', async () => leaderOf(replicas));
    const standby = replicas.find((replica) => replica !== leader);
    if (standby === undefined) throw new Error('there is no standby');
    expect(standby.leads()).toBe(false);
    for (const replica of [leader, standby]) {
      expect(await replica.readiness()).toMatchObject({ status: 200, text: expect.stringContaining('[+]store ok') });
      expect((await usage(replica)).tenant).toBe(NAMESPACE);
    }
  });

  it('the leader killed with -9, the other leads within 20 s; no second is lost or metered twice', async () => {
    const leader = await eventually('one leads', async () => leaderOf(replicas));
    const standby = replicas.find((replica) => replica !== leader);
    if (standby === undefined) throw new Error('there is no standby');
    await world.send(['create'], pod('short', 1, 8), pod('meanwhile', 2, 14), pod('long', 4, 35));
    await eventually('all are bound', async () => ((await world.pods(NAMESPACE)).every(isBound) ? true : undefined));
    await eventually('the leader has sealed some of it', async () =>
      quantity(await usage(leader)) > 0n ? true : undefined,
    );
    await leader.end('SIGKILL');
    const killed = performance.now();
    await eventually('the standby leads', async () => (standby.leads() ? true : undefined), TAKEOVER_MS);
    expect(performance.now() - killed).toBeLessThan(TAKEOVER_MS);
    const pods = await eventually('all have ended', async () => {
      const found = await world.pods(NAMESPACE);
      return found.length === 3 && found.every(isDone) ? found : undefined;
    });
    const sealed = await eventually('all of it is sealed', async () => {
      const answer = await usage(standby);
      const through = Date.parse(answer.sealedThrough ?? '1970-01-01T00:00:00Z');
      return through >= lastEnd(pods) + WINDOW_SECONDS * 1000 ? answer : undefined;
    });
    expect(quantity(sealed)).toBe(trueSeconds(pods));
  });

  it('told to stop, it ends with 0 and lets its lease go', async () => {
    const codes = await Promise.all(replicas.map((replica) => replica.end('SIGTERM')));
    // The other one was killed.
    expect(codes.filter((code) => code !== null)).toEqual([0]);
    const lease = await world.get<{ spec: { holderIdentity: string } }>('lease', 'gpuopt', '-n', NAMESPACE);
    expect(lease.spec.holderIdentity).toBe('');
  });
});
