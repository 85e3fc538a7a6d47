import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Pod } from '../../operator/kube/index.ts';
import { tryCommand } from '../cluster/commands.ts';
import { gpuNode, gpuPod, gpuPool, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually, gpuopt } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';
import { LedgerOperator } from './ledger/operator.ts';
import { isBound, isDone, lastEnd, trueSeconds } from './ledger/truth.ts';

const NAMESPACE = 'meter-acme';
const TENANT = 'meter-acme';
const WINDOW_SECONDS = 2;
const nodes = [gpuNode('meter', 'meter-a'), gpuNode('meter', 'meter-b')];

let world: GpuWorld;
let operator: LedgerOperator;

beforeAll(async () => {
  world = await gpuWorld();
  operator = new LedgerOperator(world.cluster.kubeconfig, WINDOW_SECONDS);
  await world.send(
    ['apply', '--server-side'],
    ...nodes,
    gpuPool('meter', { 'gpuoptimizer.io/scenario': 'meter' }),
    gpuTenant(TENANT, [NAMESPACE]),
    namespaceNamed(NAMESPACE),
  );
  await operator.start();
  await world.belongs(NAMESPACE, TENANT);
});

afterAll(async () => {
  await operator?.stop();
  await world?.end({
    namespaces: [NAMESPACE],
    objects: ['gpupool/meter', `tenant/${TENANT}`, ...nodes.map(({ metadata }) => `node/${metadata.name}`)],
  });
});

function pod(name: string, gpus: number, runSeconds?: number): Pod {
  const annotations: Readonly<Record<string, string>> =
    runSeconds === undefined ? {} : { 'gpuoptimizer.io/run-seconds': String(runSeconds) };
  return gpuPod(NAMESPACE, name, gpuSpec(gpus, { restartPolicy: 'Never' }), { annotations });
}

async function podsWhen(what: string, ready: (pods: readonly Pod[]) => boolean): Promise<readonly Pod[]> {
  return await eventually(what, async () => {
    const pods = await world.pods(NAMESPACE);
    return ready(pods) ? pods : undefined;
  });
}

async function total(time: number): Promise<bigint> {
  const { meters } = await operator.sealedUsage(TENANT, time + 2 * WINDOW_SECONDS * 1000);
  return meters.reduce((sum, { quantity }) => sum + BigInt(quantity), 0n);
}

it('meters the true integral to the second, though the operator is killed -9 while it seals and pods end meanwhile', async () => {
  const short = [pod('short-1', 1, 4), pod('short-2', 2, 7), pod('short-8', 8, 11)];
  const long = [pod('deleted', 1), pod('forced', 2)];
  await world.send(['create'], ...short, ...long);
  await podsWhen('all pods are bound', (pods) => pods.length === 5 && pods.every(isBound));
  for (const moment of [2_100, 2_700, 3_300]) {
    await delay(moment);
    await operator.end('SIGKILL');
    await operator.start();
  }
  await operator.end('SIGKILL');
  await world.cluster.kubectl(['delete', 'pod', 'deleted', '-n', NAMESPACE, '--wait=false']);
  await world.cluster.kubectl([
    'delete',
    'pod',
    'forced',
    '-n',
    NAMESPACE,
    '--wait=false',
    '--grace-period=0',
    '--force',
  ]);
  const pods = await podsWhen('the short pods are done, the deleted ones held by their finalizer', (found) => {
    const held = found.filter(({ metadata }) => metadata.deletionGracePeriodSeconds === 0);
    return found.filter(isDone).length === 3 && held.length === 2;
  });
  await operator.start();
  expect(await total(lastEnd(pods))).toBe(trueSeconds(pods));
  await podsWhen('the deleted pods are let go', (found) => found.length === 3);
});

it('does not count twice what it has counted: a restart changes nothing', async () => {
  const before = await operator.usage(TENANT);
  await operator.end('SIGTERM');
  await operator.start();
  await delay(3 * WINDOW_SECONDS * 1000);
  const after = await operator.usage(TENANT);
  expect(after.meters).toEqual(before.meters);
});

it('a second process on the data folder is refused with the pid and the remedy, and the first goes on', async () => {
  const { code, output } = await operator.startSecond();
  expect(code).toBe(3);
  expect(output).toContain(`is held by process ${operator.pid}`);
  expect(output).toContain('--database-url');
  expect((await operator.usage(TENANT)).tenant).toBe(TENANT);
});

it('gpuopt usage show reads the running operator, and says what is wrong where it cannot', async () => {
  const args = ['usage', 'show', '--tenant', TENANT, '--from', '2020-01-01T00:00:00Z', '--json'];
  const good = await tryCommand([gpuopt, ...args, '--server', operator.server]);
  expect(good.code).toBe(0);
  expect(JSON.parse(good.stdout).meters).toEqual((await operator.usage(TENANT)).meters);
  const locked = await tryCommand([gpuopt, ...args, '--data-dir', operator.dataDir]);
  expect([locked.code, locked.stderr]).toEqual([3, expect.stringContaining(`is held by process ${operator.pid}`)]);
  const nobody = await tryCommand([gpuopt, ...args, '--server', 'http://127.0.0.1:1']);
  expect([nobody.code, nobody.stderr]).toEqual([3, expect.stringContaining('does the operator run?')]);
  const wrong = await tryCommand([
    gpuopt,
    'usage',
    'show',
    '--tenant',
    TENANT,
    '--from',
    'yesterday',
    '--server',
    operator.server,
  ]);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('--from "yesterday" is no RFC 3339 time')]);
});
