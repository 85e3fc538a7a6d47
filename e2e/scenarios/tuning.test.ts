import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';

import { panelExpressions } from '../../dashboards/index.ts';
import type { OptimizationPolicy, OptimizationRecommendation } from '../../operator/api/index.ts';
import { createLogger, createRegistry, systemClock } from '../../operator/observability/index.ts';
import { createManager, loadCluster, type Manager, rbac } from '../../operator/runtime/index.ts';
import { tuningRoom } from '../../operator/tuning/index.ts';
import { acquireCluster, type Cluster } from '../cluster/index.ts';
import { progressTo } from '../cluster/progress.ts';
import { fakeNode } from '../fleet/nodes.ts';
import { type RunningPrometheus, startPrometheus } from '../peers/prometheus/index.ts';

const root = join(import.meta.dirname, '../..');
const namespace = `tuning-${process.pid}`;
const PRODUCT = 'NVIDIA-H100-80GB-HBM3';
/** The shortest window a policy may have. */
const WINDOW_SECONDS = 60;

/** Everything that a test of this file runs on; torn down in reverse. */
interface Stage {
  readonly cluster: Cluster;
  readonly folder: string;
  readonly exporter: string;
  readonly operator: Manager;
  prometheus: RunningPrometheus;
}

const definitions = ['optimizationpolicies', 'optimizationrecommendations'].map(
  (plural) => `crd/${plural}.gpuoptimizer.io`,
);

let stage: Stage | undefined;
let skipped: string | undefined;
const undo: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const cluster = await acquireCluster({ realNode: false });
  undo.push(() => cluster.release());
  if (!cluster.record.fakeNodes) {
    skipped = 'the cluster has no KWOK to play GPU nodes; unset KUBECONFIG_E2E to use the built one';
    return;
  }
  await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-k', join(root, 'crds')]);
  await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=60s', ...definitions]);
  undo.push(() => cluster.kubectl(['delete', 'node', '--ignore-not-found', '--wait=false', node.metadata.name]));
  undo.push(() => cluster.kubectl(['delete', 'namespace', '--ignore-not-found', '--wait=false', namespace]));
  await apply(cluster, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await apply(cluster, node);
  await apply(cluster, job('lazy', 2, 'idle'));
  await apply(cluster, job('hard', 2, 'busy'));
  await apply(cluster, barePod('kept', { 'gpuoptimizer.io/keep-until': '2999-01-01T00:00:00Z' }));

  const folder = await mkdtemp(join(tmpdir(), 'gpuopt-tuning-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const exporter = await startExporter(cluster.kubeconfig);
  const prometheus = await startScraping(folder, [exporter]);
  undo.push(async () => (stage?.prometheus ?? prometheus).stop());
  const operator = await startOperator(cluster, prometheus.url);
  stage = { cluster, folder, exporter, operator, prometheus };
  await apply(cluster, policy);
});

afterAll(async () => {
  for (const step of undo.toReversed()) await step();
});

describe('tuning with a real Prometheus', () => {
  it('recommends to give back idle GPUs and leaves busy ones alone', async (context) => {
    const { cluster } = staged(context);
    const [found] = await recommendations(cluster, (all) => all.length > 0, WINDOW_SECONDS + 60);
    expect(found?.spec).toMatchObject({
      policyRef: { name: 'idle' },
      lever: 'Idle',
      targetRef: { apiVersion: 'batch/v1', kind: 'Job', name: 'lazy' },
      predicted: { gpuSecondsPerMonth: '10368000', moneyPerMonth: '7200.00', currency: 'usd' },
      evidence: { windowSeconds: WINDOW_SECONDS },
    });
    expect(found?.spec.evidence.coveragePercent).toBeGreaterThanOrEqual(90);
    expect(found?.spec.evidence.samples).toBeGreaterThan(80);
    expect(found?.spec.reason).toContain('Job lazy holds 4 NVIDIA-H100-80GB-HBM3 GPUs');
    expect(found?.metadata.ownerReferences).toEqual([expect.objectContaining({ kind: 'Job', name: 'lazy' })]);
    const status = await policyStatus(cluster, (now) => now?.recommendations === 1);
    expect(status).toMatchObject({ targets: 5, idleTargets: 2, predictedGpuSecondsPerMonth: '10368000' });
    expect(await recommendations(cluster, () => true, 1)).toHaveLength(1);
    await eventually(async () => {
      const [judged] = await recommendations(cluster, () => true, 1);
      return judged?.status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');
    }, 20);
  });

  it('keeps a recommendation as it was written', async (context) => {
    const { cluster } = staged(context);
    const [found] = await recommendations(cluster, (all) => all.length === 1, 5);
    const patch = ['--type=merge', '--patch={"spec":{"proposed":"something else"}}'];
    const refused = await cluster.tryKubectl(['patch', '-n', namespace, `gorec/${found?.metadata.name}`, ...patch]);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('spec is immutable');
  });

  it('recommends nothing new from stale telemetry, keeps what it has, and resumes', async (context) => {
    const { cluster, exporter } = staged(context);
    await fault(exporter, 'stale');
    await telemetry(cluster, 'False', 'StaleMetrics');
    await cluster.kubectl(['annotate', '-n', namespace, 'pod/kept', 'gpuoptimizer.io/keep-until-']);
    // Three passes of a policy with this window.
    await delay(3 * (WINDOW_SECONDS / 6) * 1_000);
    expect((await recommendations(cluster, () => true, 1)).map(({ spec }) => spec.targetRef.name)).toEqual(['lazy']);
    await fault(exporter, 'none');
    const two = await recommendations(cluster, (all) => all.length === 2, WINDOW_SECONDS + 30);
    expect(two.map(({ spec }) => spec.targetRef.name).sort()).toEqual(['kept', 'lazy']);
    await telemetry(cluster, 'True', 'Trusted');
  });

  it('says that Prometheus is gone, keeps its recommendations, and resumes when it is back', async (context) => {
    const { cluster, folder, exporter, operator, prometheus } = staged(context);
    await prometheus.stop();
    await telemetry(cluster, 'False', 'PrometheusUnreachable');
    expect(await recommendations(cluster, () => true, 1)).toHaveLength(2);
    const port = Number(new URL(prometheus.url).port);
    const itself = `http://127.0.0.1:${operator.port()}`;
    if (stage !== undefined) stage.prometheus = await startScraping(folder, [exporter, itself], port);
    await telemetry(cluster, 'True', 'Trusted', WINDOW_SECONDS + 60);
    expect(await recommendations(cluster, () => true, 1)).toHaveLength(2);
  });

  it('has an answer to every question of the dashboard that it can answer alone', async (context) => {
    const { prometheus } = staged(context);
    // Pools and scheduling are rooms of their own, which do not run here; their questions must still be well put.
    const alone = /DCGM_|gpuopt_tuning_(?!gate)|workqueue_|controller_runtime_/;
    for (const expr of panelExpressions) {
      const answer = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(expr)}`);
      const body: { readonly status: string; readonly data: { readonly result: readonly unknown[] } } = JSON.parse(
        await answer.text(),
      );
      expect({ expr, status: body.status }).toEqual({ expr, status: 'success' });
      if (alone.test(expr)) expect({ expr, empty: body.data.result.length === 0 }).toEqual({ expr, empty: false });
    }
  });

  it('withdraws a recommendation when the GPUs are used again', async (context) => {
    const { cluster } = staged(context);
    const pods = ['-l', 'batch.kubernetes.io/job-name=lazy'];
    await cluster.kubectl([
      'annotate',
      '-n',
      namespace,
      'pod',
      ...pods,
      '--overwrite',
      'gpuoptimizer.io/simulated-load=busy',
    ]);
    const left = await recommendations(cluster, (all) => all.length === 1, 60);
    expect(left[0]?.spec.targetRef.name).toBe('kept');
  });

  it('takes its recommendations along when the policy is deleted', async (context) => {
    const { cluster } = staged(context);
    await cluster.kubectl(['delete', '-n', namespace, 'gopol/idle']);
    expect(await recommendations(cluster, (all) => all.length === 0, 30)).toEqual([]);
  });
});

const node = fakeNode(
  `gpu-${namespace}`,
  {
    'nvidia.com/gpu.present': 'true',
    'nvidia.com/gpu.product': PRODUCT,
    'nvidia.com/gpu.count': '16',
    'nvidia.com/gpu.memory': '81559',
    'nvidia.com/gpu.replicas': '1',
    'gpuoptimizer.io/scenario': namespace,
  },
  { cpu: '64', memory: '512Gi', pods: '110', 'nvidia.com/gpu': '16' },
);

const policy = {
  apiVersion: 'gpuoptimizer.io/v1alpha1',
  kind: 'OptimizationPolicy',
  metadata: { namespace, name: 'idle' },
  spec: {
    telemetry: { maxStalenessSeconds: 15, minCoveragePercent: 90 },
    idle: { belowPercent: 1, windowSeconds: WINDOW_SECONDS },
    prices: { currency: 'usd', gpuHours: [{ model: PRODUCT, perHour: '2.50' }] },
  },
};

function podSpec(gpus: number) {
  const amounts = { 'nvidia.com/gpu': String(gpus) };
  return {
    restartPolicy: 'Never',
    nodeSelector: { 'gpuoptimizer.io/scenario': namespace },
    containers: [{ name: 'main', image: 'fake', resources: { requests: amounts, limits: amounts } }],
  };
}

function job(name: string, pods: number, load: string): object {
  const metadata = { annotations: { 'gpuoptimizer.io/simulated-load': load } };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace, name },
    spec: { parallelism: pods, completions: pods, template: { metadata, spec: podSpec(2) } },
  };
}

function barePod(name: string, annotations: Readonly<Record<string, string>>): object {
  const idle = { 'gpuoptimizer.io/simulated-load': 'idle' };
  const metadata = { namespace, name, annotations: { ...idle, ...annotations } };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: podSpec(1) };
}

/** The room alone, as a service account that may do what its controllers declare and nothing else. */
async function startOperator(cluster: Cluster, prometheusUrl: string): Promise<Manager> {
  const name = 'gpuopt-tuning';
  const registry = createRegistry();
  const log = createLogger({ level: 'warn', destination: 2 });
  const room = tuningRoom({ clock: systemClock, log, registry, prometheusUrl });
  await apply(cluster, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } });
  for (const each of rbac(room.controllers, { name: namespace, namespace, serviceAccount: name })) {
    await apply(cluster, each);
    const place = each.metadata.namespace === undefined ? [] : ['-n', each.metadata.namespace];
    undo.push(() => cluster.kubectl(['delete', '--ignore-not-found', ...place, each.kind, each.metadata.name]));
  }
  const kubeconfig = await cluster.kubeconfigForServiceAccount(namespace, name);
  const http = { port: 0, host: '127.0.0.1' };
  const manager = createManager({ cluster: await loadCluster({ kubeconfig }), rooms: [room], log, registry, http });
  const stop = new AbortController();
  const running = manager.run(stop.signal);
  undo.push(async () => {
    stop.abort();
    await running;
  });
  return manager;
}

async function startExporter(kubeconfig: string): Promise<string> {
  const script = join(root, 'e2e/peers/dcgm/main.ts');
  const child = spawn(process.execPath, [script, '--kubeconfig', kubeconfig], { stdio: ['ignore', 'pipe', 'inherit'] });
  undo.push(() => end(child));
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const greeting: { readonly url: string } = JSON.parse(String(line));
  return greeting.url;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

function startScraping(folder: string, urls: readonly string[], port = 0): Promise<RunningPrometheus> {
  const jobs = urls.map((url, index) => ({ name: `job-${index}`, urls: [url] }));
  const ruleFiles = [join(root, 'dashboards/generated/rules.yaml')];
  return startPrometheus({ folder, port, intervalSeconds: 2, jobs, ruleFiles, progress: progressTo(process.stderr) });
}

async function fault(exporter: string, mode: string): Promise<void> {
  const answer = await fetch(`${exporter}/_peer/faults`, { method: 'POST', body: JSON.stringify({ mode }) });
  expect(answer.status).toBe(200);
}

function staged(context: TestContext): Stage {
  if (stage === undefined) context.skip(skipped ?? 'the stage was not set');
  return stage;
}

async function apply(cluster: Cluster, object: object): Promise<void> {
  await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input: JSON.stringify(object) });
}

async function eventually(check: () => Promise<boolean | undefined>, seconds: number): Promise<boolean> {
  const until = Date.now() + seconds * 1_000;
  for (;;) {
    if (await check()) return true;
    if (Date.now() >= until) return false;
    await delay(1_000);
  }
}

/** The recommendations as soon as they are as wanted, or as they are after the time. */
async function recommendations(
  cluster: Cluster,
  wanted: (all: readonly OptimizationRecommendation[]) => boolean,
  seconds: number,
): Promise<readonly OptimizationRecommendation[]> {
  let all: readonly OptimizationRecommendation[] = [];
  await eventually(async () => {
    const text = await cluster.kubectl(['get', '-n', namespace, 'optimizationrecommendations', '-o', 'json']);
    const list: { readonly items: readonly OptimizationRecommendation[] } = JSON.parse(text);
    all = list.items;
    return wanted(all);
  }, seconds);
  return all;
}

async function policyStatus(
  cluster: Cluster,
  wanted: (status: OptimizationPolicy['status']) => boolean,
  seconds = 30,
): Promise<OptimizationPolicy['status']> {
  let status: OptimizationPolicy['status'];
  await eventually(async () => {
    const text = await cluster.kubectl(['get', '-n', namespace, 'optimizationpolicy/idle', '-o', 'json']);
    const object: OptimizationPolicy = JSON.parse(text);
    status = object.status;
    return wanted(status);
  }, seconds);
  return status;
}

async function telemetry(cluster: Cluster, status: string, reason: string, seconds = 60): Promise<void> {
  const of = (object: OptimizationPolicy['status']) =>
    object?.conditions?.find(({ type }) => type === 'TelemetryReady');
  const found = await policyStatus(cluster, (now) => of(now)?.status === status && of(now)?.reason === reason, seconds);
  expect(of(found)).toMatchObject({ status, reason });
}
