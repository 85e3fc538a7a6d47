import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { buildImage } from '../image/build.ts';
import { acquireCluster, type Cluster } from './index.ts';
import { down } from './lifecycle.ts';
import { isAlive, readProcesses } from './processes.ts';
import { progressTo } from './progress.ts';
import { EXIT_CODE_KEY, FAKE_NODE_ANNOTATION, NODE_DOWN_KEY, RUN_SECONDS_KEY } from './stages.ts';
import { clusterStatus } from './status.ts';

const NAMESPACE = 'cluster-scenario';
const IMAGE = 'gpuoptimizer.io/cluster-scenario:dev';
const progress = progressTo(process.stderr);

let shared: Cluster | undefined;
let scratch = '';

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'gpuopt-'));
  shared = await acquireCluster();
  await shared.kubectl(['create', 'namespace', NAMESPACE]);
});

afterAll(async () => {
  await shared?.kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
  await shared?.kubectl(['delete', 'node', 'scenario-fake', '--ignore-not-found']);
  await shared?.release();
  await rm(scratch, { recursive: true, force: true });
});

function cluster(): Cluster {
  if (shared === undefined) throw new Error('the cluster did not start');
  return shared;
}

async function create(object: object): Promise<void> {
  await cluster().kubectl(['create', '--namespace', NAMESPACE, '-f', '-'], { input: JSON.stringify(object) });
}

async function get(what: string, path: string): Promise<string> {
  return await cluster().kubectl(['get', '--namespace', NAMESPACE, ...what.split(' '), `-o=jsonpath=${path}`]);
}

const ready = '{.status.conditions[?(@.type=="Ready")].status}';
const patiently = { timeout: 90_000, interval: 500 };

describe('the kubeconfig', () => {
  it('verifies the server and is refused what its user may not do', async (ctx) => {
    if (cluster().record.kind !== 'built')
      ctx.skip(`no certificates are issued for a ${cluster().record.kind} cluster`);
    const path = await cluster().kubeconfigForUser('alice');
    const said = await cluster().tryKubectl(['--kubeconfig', path, 'get', 'pods']);
    expect(said.stderr).toContain('User "alice" cannot list resource "pods"');
  });
});

describe('a fake node', () => {
  it('becomes Ready, goes down and comes back, and its pods end by their annotations', async (ctx) => {
    if (!cluster().record.fakeNodes) ctx.skip('KWOK plays no nodes on the cluster of KUBECONFIG_E2E');
    const resources = { cpu: '8', memory: '32Gi', pods: '10', 'nvidia.com/gpu': '4' };
    const metadata = { name: 'scenario-fake', annotations: { [FAKE_NODE_ANNOTATION]: 'fake' } };
    await create({ apiVersion: 'v1', kind: 'Node', metadata, status: { capacity: resources, allocatable: resources } });
    await expect.poll(() => get('node scenario-fake', ready), patiently).toBe('True');

    await create(fakeJob('succeeds', '0'));
    await create(fakeJob('fails', '3'));
    await expect.poll(() => get('job succeeds', '{.status.succeeded}'), patiently).toBe('1');
    await expect.poll(() => get('job fails', '{.status.failed}'), patiently).toBe('1');

    await cluster().kubectl(['annotate', 'node', 'scenario-fake', `${NODE_DOWN_KEY}=true`]);
    await expect.poll(() => get('node scenario-fake', ready), patiently).toBe('False');
    await cluster().kubectl(['annotate', 'node', 'scenario-fake', `${NODE_DOWN_KEY}-`]);
    await expect.poll(() => get('node scenario-fake', ready), patiently).toBe('True');
  });
});

function fakeJob(name: string, exitCode: string): object {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: {
      backoffLimit: 0,
      template: {
        metadata: { annotations: { [RUN_SECONDS_KEY]: '1', [EXIT_CODE_KEY]: exitCode } },
        spec: {
          restartPolicy: 'Never',
          nodeName: 'scenario-fake',
          containers: [{ name: 'main', image: 'none', resources: { limits: { 'nvidia.com/gpu': '1' } } }],
        },
      },
    },
  };
}

const program = `
const fs = require('node:fs'), https = require('node:https');
const dir = '/var/run/secrets/kubernetes.io/serviceaccount/';
const headers = { authorization: 'Bearer ' + fs.readFileSync(dir + 'token', 'utf8') };
const host = process.env.KUBERNETES_SERVICE_HOST, port = process.env.KUBERNETES_SERVICE_PORT;
https.get({ host, port, path: '/version', headers, ca: fs.readFileSync(dir + 'ca.crt') }, async (response) => {
  const peer = await (await fetch(process.env.PEER)).text();
  console.log('uid', process.getuid(), 'api', response.statusCode, 'peer', peer);
  process.exit(0);
});`;

describe('the real node', () => {
  it('runs our image by CronJob: as an unprivileged user, reaching the API by its Service and peers on this machine', async (ctx) => {
    const { realNode, hostAddress, record } = cluster();
    if ('skipped' in realNode) return ctx.skip(realNode.skipped);
    if (record.kind === 'external' || hostAddress === undefined)
      return ctx.skip('images are not loaded on foreign clusters');
    await mkdir(join(scratch, 'app'));
    await writeFile(join(scratch, 'app', 'main.js'), program);
    const { archive } = await buildImage({
      bundleDir: join(scratch, 'app'),
      name: IMAGE,
      entrypoint: ['/usr/local/bin/node', '/app/main.js'],
      archive: join(scratch, 'app.tar'),
    });
    await cluster().loadImage({ name: IMAGE, archive });
    const peer = createServer((_request, response) => response.end('hello')).listen(0, hostAddress);
    try {
      await new Promise((resolve) => peer.once('listening', resolve));
      const address = peer.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      await create(cronJob(`http://${hostAddress}:${port}`));
      const logs = () => cluster().tryKubectl(['logs', '--namespace', NAMESPACE, '--selector=app=cron', '--tail=1']);
      await expect.poll(async () => (await logs()).stdout, patiently).toBe('uid 65532 api 200 peer hello\n');
    } finally {
      peer.close();
    }
  });
});

function cronJob(peer: string): object {
  const container = {
    name: 'main',
    image: IMAGE,
    imagePullPolicy: 'Never',
    env: [{ name: 'PEER', value: peer }],
    securityContext: {
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
  };
  const pod = {
    restartPolicy: 'Never',
    nodeSelector: { 'gpuoptimizer.io/real': 'true' },
    containers: [container],
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'cron' },
    spec: {
      schedule: '* * * * *',
      jobTemplate: { spec: { template: { metadata: { labels: { app: 'cron' } }, spec: pod } } },
    },
  };
}

describe('the API server', () => {
  it('is gone when it is killed, and has kept everything when it is back', async (ctx) => {
    if (cluster().record.kind !== 'built') ctx.skip(`the API server of a ${cluster().record.kind} cluster is not ours`);
    await cluster().killApiserver();
    expect((await cluster().tryKubectl(['get', 'namespace', NAMESPACE])).code).not.toBe(0);
    await cluster().restartApiserver();
    expect(await get(`namespace ${NAMESPACE}`, '{.metadata.name}')).toBe(NAMESPACE);
    expect((await clusterStatus(cluster().stateDir)).state).toBe('running');
  });
});

describe('a second cluster beside the first', () => {
  const cli = join(import.meta.dirname, 'cli.ts');

  it.for([
    ['has just begun', 'etcd'],
    ['has the control plane running', 'kwok'],
  ] as const)(
    'whose start is killed when it %s is cleaned up by the next start, and leaves nothing when it is stopped',
    async ([, name], ctx) => {
      if (cluster().record.kind !== 'built') return ctx.skip(`${cluster().record.kind} clusters are not started by us`);
      const state = join(scratch, name);
      const folder = join(state, 'cluster');
      const starting = spawn(process.execPath, [cli, 'up', '--no-real-node'], {
        env: { ...process.env, GPUOPT_STATE: state },
        stdio: 'ignore',
      });
      while (!existsSync(join(folder, 'processes', `${name}.stat`))) await delay(20);
      starting.kill('SIGKILL');
      const left = await readProcesses(folder);
      expect((await clusterStatus(folder)).state).toBe('damaged');

      const second = await acquireCluster({ stateDir: folder, realNode: false, progress });
      expect(left.filter(isAlive)).toEqual([]);
      expect(second.record.apiServer).not.toBe(cluster().record.apiServer);
      expect(await second.kubectl(['get', 'nodes', '-o=name'])).toBe('');
      await expect(acquireCluster({ stateDir: folder, progress })).resolves.toMatchObject({ record: second.record });

      const running = await readProcesses(folder);
      expect(running.length).toBe(5);
      await second.release();
      expect(running.filter(isAlive)).toEqual([]);
      expect(existsSync(folder)).toBe(false);
      expect(await down(folder, progress)).toBe(false);
    },
  );
});
