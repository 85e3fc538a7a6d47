import { describe, expect, it } from 'vitest';

import { group, kinds, type OptimizationPolicySpec } from '../../api/index.ts';
import { Node, Pod } from '../../kube/index.ts';
import { createRegistry, TelemetryError } from '../../observability/index.ts';
import { runPass, thing } from '../../runtime/testing/index.ts';
import { fixtureNow, minute } from '../gate/fixtures.ts';
import { tuningMetrics } from '../metrics.ts';
import { optimizationRecommendation } from '../recommendation/controller.ts';
import { FakeSource } from '../telemetry/fake-source.ts';
import { optimizationPolicy } from './controller.ts';

const namespace = 'team-a';
const now = new Date(fixtureNow);
const key = { namespace, name: 'save' };
const started = '2026-08-01T11:50:00Z';

const policy = (spec: OptimizationPolicySpec = {}) =>
  thing(kinds.OptimizationPolicy, {
    apiVersion: `${group}/v1alpha1`,
    kind: 'OptimizationPolicy',
    metadata: { namespace, name: 'save' },
    spec: {
      telemetry: { maxStalenessSeconds: 15, minCoveragePercent: 90 },
      idle: { belowPercent: 1, windowSeconds: 60 },
      prices: { currency: 'usd', gpuHours: [{ model: 'NVIDIA-H100-80GB-HBM3', perHour: '2.50' }] },
      ...spec,
    },
  });

const node = thing(Node, {
  metadata: {
    name: 'gpu-1',
    labels: { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3', 'nvidia.com/gpu.memory': '81559' },
  },
});

function pod(
  name: string,
  options: { readonly job?: string; readonly startTime?: string; readonly keep?: string } = {},
) {
  const { job, startTime = started, keep } = options;
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: job ?? '', uid: `uid-${job}`, controller: true };
  return thing(Pod, {
    metadata: {
      namespace,
      name,
      uid: `uid-${name}`,
      ...(job === undefined ? {} : { ownerReferences: [owner] }),
      ...(keep === undefined ? {} : { annotations: { 'gpuoptimizer.io/keep-until': keep } }),
    },
    spec: { nodeName: 'gpu-1', containers: [{ name: 'main', resources: { limits: { 'nvidia.com/gpu': '1' } } }] },
    status: { phase: 'Running', startTime },
  });
}

/** Series of a pod on a GPU of its own. */
function show(source: FakeSource, name: string, engine: number | ((position: number) => number)): void {
  const labels = { namespace, pod: name, UUID: `GPU-${name}` };
  const busy = typeof engine === 'number' && engine > 0.01;
  source.add('engine', labels, minute(busy ? (p) => engine + p / 10_000 : engine));
  source.add('power', labels, minute(busy ? 550 : (p) => 115 + (p % 2)));
  source.add(
    'energy',
    labels,
    minute((p) => 1_000_000 + p * 230_000),
  );
}

function bench() {
  const source = new FakeSource();
  const registry = createRegistry();
  return { source, registry, controller: optimizationPolicy({ source, metrics: tuningMetrics(registry) }) };
}

const condition = (status: unknown, type: string) => {
  const conditions: unknown = typeof status === 'object' && status !== null ? Reflect.get(status, 'conditions') : [];
  return Array.isArray(conditions) ? conditions.find((one) => one.type === type) : undefined;
};

describe('OptimizationPolicy', () => {
  it('recommends to give back the GPUs of an idle Job and leaves a busy one alone', async () => {
    const { source, controller } = bench();
    for (const name of ['lazy-0', 'lazy-1']) show(source, name, 0);
    show(source, 'hard-0', 0.9);
    const world = [
      policy(),
      node,
      pod('lazy-0', { job: 'lazy' }),
      pod('lazy-1', { job: 'lazy' }),
      pod('hard-0', { job: 'hard' }),
    ];
    const pass = await runPass(controller, { world, key, now });
    const made = pass.acts.filter(({ act }) => act === 'create');
    expect(made).toHaveLength(1);
    expect(made[0]).toMatchObject({
      key: expect.stringMatching(/^team-a\/job-lazy-idle-[0-9a-f]{10}$/),
      body: {
        metadata: {
          ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'lazy', uid: 'uid-lazy', controller: false }],
        },
        spec: {
          policyRef: { name: 'save' },
          targetRef: { apiVersion: 'batch/v1', kind: 'Job', name: 'lazy', uid: 'uid-lazy' },
          lever: 'Idle',
          current: '2 × NVIDIA-H100-80GB-HBM3 held by 2 pods, not used',
          proposed: 'suspend or end Job lazy',
          predicted: { gpuSecondsPerMonth: '5184000', moneyPerMonth: '3600.00', currency: 'usd' },
          evidence: { windowSeconds: 60, samples: 60, coveragePercent: 100 },
          reason:
            'Job lazy holds 2 NVIDIA-H100-80GB-HBM3 GPUs, and for 1 minute they stayed below 1 % activity and drew at ' +
            'most 116 W, as an idle one does: suspend or end Job lazy to free 1,440 GPU-hours in 30 days, worth 3600.00 USD.',
        },
      },
    });
    expect(pass.status).toMatchObject({
      targets: 3,
      idleTargets: 2,
      recommendations: 1,
      predictedGpuSecondsPerMonth: '5184000',
    });
    expect(condition(pass.status, 'TelemetryReady')).toMatchObject({ status: 'True', reason: 'Trusted' });
    expect(pass.events.map(({ reason }) => reason)).toEqual(['GPUIdle']);

    const second = await pass.again();
    expect(second.acts.filter(({ act }) => act === 'create' || act === 'remove')).toEqual([]);
    expect(second.status).toMatchObject({ recommendations: 1 });
  });

  it('asks about its own namespace only', async () => {
    const { source, controller } = bench();
    await runPass(controller, { world: [policy(), node, pod('lazy')], key, now });
    expect(source.asked.length).toBeGreaterThan(0);
    for (const query of source.asked) expect(query).toMatch(/\{(namespace|exported_namespace)="team-a"\}/);
  });

  it('finds pods where Prometheus does not honour the labels of the exporter', async () => {
    const { source, controller } = bench();
    const labels = {
      namespace: 'gpu-operator',
      pod: 'dcgm-exporter-x',
      exported_namespace: namespace,
      exported_pod: 'lazy',
      UUID: 'GPU-1',
    };
    source.add('engine', labels, minute(0));
    source.add(
      'energy',
      labels,
      minute((p) => p),
    );
    const pass = await runPass(controller, { world: [policy(), node, pod('lazy')], key, now });
    expect(pass.status).toMatchObject({ recommendations: 1 });
  });

  interface Row {
    readonly name: string;
    readonly prepare: (source: FakeSource) => void;
    readonly pods: readonly ReturnType<typeof pod>[];
    readonly spec?: OptimizationPolicySpec;
    readonly status: 'True' | 'False' | 'Unknown';
    readonly reason: string;
    readonly recommendations: number;
  }
  const rows: readonly Row[] = [
    {
      name: 'no series',
      prepare: () => undefined,
      pods: [pod('lazy')],
      status: 'False',
      reason: 'NoMetrics',
      recommendations: 0,
    },
    {
      name: 'Prometheus gone',
      prepare: (source) => {
        source.down = new TelemetryError('PrometheusUnreachable', 'Prometheus cannot be reached');
      },
      pods: [pod('lazy')],
      status: 'False',
      reason: 'PrometheusUnreachable',
      recommendations: 0,
    },
    {
      name: 'no pod holds a GPU',
      prepare: () => undefined,
      pods: [],
      status: 'Unknown',
      reason: 'NoTargets',
      recommendations: 0,
    },
    {
      name: 'a pod younger than the window',
      prepare: (source) => show(source, 'lazy', 0),
      pods: [pod('lazy', { startTime: '2026-08-01T11:59:30Z' })],
      status: 'Unknown',
      reason: 'NothingToJudge',
      recommendations: 0,
    },
    {
      name: 'one pod without series beside a good one',
      prepare: (source) => show(source, 'lazy', 0),
      pods: [pod('lazy'), pod('unseen')],
      status: 'True',
      reason: 'PartlyTrusted',
      recommendations: 1,
    },
    {
      name: 'a pod that its owner keeps',
      prepare: (source) => show(source, 'lazy', 0),
      pods: [pod('lazy', { keep: '2026-08-02T00:00:00Z' })],
      status: 'Unknown',
      reason: 'NothingToJudge',
      recommendations: 0,
    },
    {
      name: 'half of a Job idle',
      prepare: (source) => {
        show(source, 'job-0', 0);
        show(source, 'job-1', 0.8);
      },
      pods: [pod('job-0', { job: 'job' }), pod('job-1', { job: 'job' })],
      status: 'True',
      reason: 'Trusted',
      recommendations: 0,
    },
    {
      name: 'mode Observe only counts',
      prepare: (source) => show(source, 'lazy', 0),
      pods: [pod('lazy')],
      spec: { mode: 'Observe', idle: { windowSeconds: 60 } },
      status: 'True',
      reason: 'Trusted',
      recommendations: 0,
    },
  ];
  for (const { name, prepare, pods, spec, status, reason, recommendations } of rows) {
    it(`${name}: TelemetryReady is ${status}, ${reason}`, async () => {
      const { source, controller } = bench();
      prepare(source);
      const pass = await runPass(controller, { world: [policy(spec), node, ...pods], key, now });
      expect(condition(pass.status, 'TelemetryReady')).toMatchObject({ status, reason });
      expect(condition(pass.status, 'Ready')).toMatchObject({ status: 'True' });
      expect(pass.status).toMatchObject({ recommendations });
    });
  }

  it('says how to help when the operator knows no Prometheus', async () => {
    const controller = optimizationPolicy({ metrics: tuningMetrics(createRegistry()) });
    const pass = await runPass(controller, { world: [policy(), node, pod('lazy')], key, now });
    expect(condition(pass.status, 'TelemetryReady')).toMatchObject({
      status: 'False',
      reason: 'NoMetrics',
      message: expect.stringContaining('--prometheus-url'),
    });
  });

  it('keeps recommendations while telemetry is missing, and withdraws them when the GPU works again', async () => {
    const { source, controller } = bench();
    show(source, 'lazy', 0);
    const first = await runPass(controller, { world: [policy(), node, pod('lazy')], key, now });
    expect(first.status).toMatchObject({ recommendations: 1, idleTargets: 1 });

    source.down = new TelemetryError('PrometheusTimeout', 'Prometheus did not answer within 10000 ms');
    const blind = await first.again();
    expect(blind.acts.filter(({ act }) => act === 'remove')).toEqual([]);
    expect(blind.status).toMatchObject({ recommendations: 1 });
    expect(blind.status).not.toHaveProperty('idleTargets');

    source.down = undefined;
    source.clear();
    show(source, 'lazy', 0.7);
    const busy = await blind.again();
    expect(busy.acts.filter(({ act }) => act === 'remove')).toHaveLength(1);
    expect(busy.events.map(({ reason }) => reason)).toEqual(['RecommendationWithdrawn']);
    expect(busy.status).toMatchObject({ recommendations: 0, predictedGpuSecondsPerMonth: '0' });
  });

  it('replaces a recommendation when the price changes', async () => {
    const { source, controller } = bench();
    show(source, 'lazy', 0);
    const first = await runPass(controller, { world: [policy(), node, pod('lazy')], key, now });
    const dearer = { currency: 'usd', gpuHours: [{ model: 'NVIDIA-H100-80GB-HBM3', perHour: '5' }] };
    const second = await first.again({
      change: (api) => {
        api.patch('optimizationpolicies.gpuoptimizer.io', key, { type: 'merge', body: { spec: { prices: dearer } } });
      },
    });
    expect(second.acts.map(({ act }) => act).filter((act) => act !== 'applyStatus')).toEqual(['remove', 'create']);
    expect(second.status).toMatchObject({ recommendations: 1 });
  });
});

describe('OptimizationRecommendation', () => {
  const recommendation = thing(kinds.OptimizationRecommendation, {
    apiVersion: `${group}/v1alpha1`,
    kind: 'OptimizationRecommendation',
    metadata: { namespace, name: 'pod-lazy-idle-0123456789' },
    spec: {
      policyRef: { name: 'save' },
      targetRef: { apiVersion: 'v1', kind: 'Pod', name: 'lazy', uid: 'uid-lazy' },
      lever: 'Idle',
      current: '1 × H100',
      proposed: 'delete Pod lazy',
      evidence: { queries: [], windowSeconds: 60, samples: 30, coveragePercent: 100, observations: [] },
      predicted: { gpuSecondsPerMonth: '2592000' },
      reason: 'Pod lazy holds a GPU.',
    },
  });
  const itsKey = { namespace, name: 'pod-lazy-idle-0123456789' };

  it('goes when its policy is gone', async () => {
    const pass = await runPass(optimizationRecommendation(), { world: [recommendation], key: itsKey, now });
    expect(pass.acts.map(({ act }) => act)).toEqual(['remove']);
  });

  it('stays Ready while its evidence cannot be refreshed', async () => {
    const { kind, object } = policy();
    const conditions = [
      { type: 'TelemetryReady', status: 'False', reason: 'StaleMetrics', message: 'old', lastTransitionTime: started },
    ];
    const blind = { kind, object: { ...object, status: { conditions } } };
    const pass = await runPass(optimizationRecommendation(), { world: [recommendation, blind], key: itsKey, now });
    expect(condition(pass.status, 'Ready')).toMatchObject({ status: 'True', reason: 'Proposed' });
    expect(condition(pass.status, 'EvidenceFresh')).toMatchObject({ status: 'False', reason: 'StaleMetrics' });
  });
});
