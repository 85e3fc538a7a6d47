import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { kinds } from '../../operator/api/index.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { failureText, inStep, StepFailed } from './failure.ts';
import { demoFleet } from './fleet.ts';
import { startTalker } from './peers.ts';
import { renderReport } from './report.ts';
import { forgetDemo, readDemo, standsWhole, writeDemo } from './state.ts';
import { type DemoFacts, judge } from './steps.ts';
import { counted, wrapped } from './words.ts';

const state = mkdtempSync(join(tmpdir(), 'gpuopt-demo-test-'));
afterAll(() => rmSync(state, { recursive: true, force: true }));

const ready = [{ type: 'Ready', status: 'True' }];
/** A demo in which everything happened. */
const good: DemoFacts = {
  cluster: {
    pods: [
      { name: 'a-1', namespace: 'acme-train', state: 'running', waitSeconds: 2 },
      { name: 'a-2', namespace: 'acme-train', state: 'waiting', reason: 'Quota', message: 'It needs 2 GPUs.' },
    ],
    pools: [
      {
        metadata: { name: 'h100' },
        status: { conditions: ready, capacity: { nodes: 1, gpus: 8 }, allocated: { gpus: 1, milli: 1000 } },
      },
    ],
    tenants: [{ metadata: { name: 'acme' }, status: { allocated: { milli: 1000 }, waitingPods: 1 } }],
    recommendations: [
      {
        metadata: { name: 'r' },
        spec: {
          reason: 'Scale it down.',
          predicted: { gpuSecondsPerMonth: '1', moneyPerMonth: '10.50', currency: 'usd' },
        },
      },
    ],
    campaigns: [
      {
        metadata: { name: 'c' },
        status: { conditions: ready, lastRun: { outcome: 'Succeeded', sent: 3, imported: 4 } },
      },
    ],
  },
  crds: Object.keys(kinds),
  operator: { mode: 'pod', log: 'the log', leaseHolder: 'me' },
  fleetGpus: 8,
  idlePods: 1,
  usage: [
    {
      tenant: 'acme',
      sealedThrough: '2026-01-01T00:00:00Z',
      meters: [{ meter: 'm', quantity: '7', accepted: '7', pending: '0' }],
      cost: { currency: 'usd', amount: '1.00' },
    },
  ],
  stripe: [{ customer: 'cus_acme', eventName: 'm', value: '7' }],
  customers: { acme: 'cus_acme' },
  telemetry: { status: 'True', message: 'good' },
  mails: { sent: 3, recipients: 3, expected: 3 },
  commands: [{ command: 'gpuopt doctor', code: 0 }],
};

/** What is different, and the only step that then has not happened. */
interface Row {
  readonly name: string;
  readonly change: Partial<DemoFacts>;
  readonly step: string;
  readonly result: 'failed' | 'skipped';
  readonly says: RegExp;
}

const pool = good.cluster.pools[0];
const pod = good.cluster.pods[1];
const rows: readonly Row[] = [
  {
    name: 'a kind is missing',
    change: { crds: ['1'] },
    step: 'custom resources',
    result: 'failed',
    says: /1 of \d+ kinds/,
  },
  { name: 'GPUs are not counted', change: { fleetGpus: 9 }, step: 'pools', result: 'failed', says: /8 of 9 GPUs/ },
  {
    name: 'a pool is not Ready',
    change: {
      cluster: {
        ...good.cluster,
        pools: [{ metadata: { name: 'h100' }, status: { ...pool?.status, conditions: [] } }],
      },
    },
    step: 'pools',
    result: 'failed',
    says: /1 pool count/,
  },
  {
    name: 'a pod waits without saying why',
    change: {
      cluster: {
        ...good.cluster,
        pods: [...good.cluster.pods, { ...pod, name: 'x', namespace: 'y', state: 'waiting', reason: undefined }],
      },
    },
    step: 'scheduling',
    result: 'failed',
    says: /2 pods waiting, 1 of them without saying why/,
  },
  {
    name: 'Stripe has one second less',
    change: { stripe: [{ customer: 'cus_acme', eventName: 'm', value: '6' }] },
    step: 'billing',
    result: 'failed',
    says: /differs: acme m/,
  },
  { name: 'Stripe has nothing', change: { stripe: [] }, step: 'billing', result: 'failed', says: /differs: acme m/ },
  {
    name: 'telemetry is stale',
    change: { telemetry: { status: 'False', message: 'stale' } },
    step: 'tuning',
    result: 'failed',
    says: /stale/,
  },
  {
    name: 'nothing was found though pods idle',
    change: { cluster: { ...good.cluster, recommendations: [] } },
    step: 'tuning',
    result: 'failed',
    says: /0 recommendations/,
  },
  {
    name: 'a trace leaves nothing idle',
    change: { cluster: { ...good.cluster, recommendations: [] }, idlePods: 0 },
    step: 'tuning',
    result: 'skipped',
    says: /run make demo without TRACE/,
  },
  {
    name: 'a mail was sent twice',
    change: { mails: { sent: 4, recipients: 3, expected: 3 } },
    step: 'growth',
    result: 'failed',
    says: /4 mails to 3 people/,
  },
  {
    name: 'there is no real node',
    change: { noRealNode: 'run it as root' },
    step: 'growth',
    result: 'skipped',
    says: /run it as root/,
  },
  {
    name: 'a command fails',
    change: { commands: [{ command: 'gpuopt doctor', code: 1 }] },
    step: 'command line',
    result: 'failed',
    says: /gpuopt doctor exited 1/,
  },
];

describe('the verdict', () => {
  it('is that every step happened', () => {
    expect(judge(good).filter(({ result }) => result !== 'happened')).toEqual([]);
    expect(judge(good)).toHaveLength(10);
  });

  it.each(rows)('$name: $step $result', ({ change, step, result, says }) => {
    const others = judge({ ...good, ...change }).filter((each) => each.result !== 'happened');
    expect(others).toEqual([{ step, result, detail: expect.stringMatching(says) }]);
  });

  it('is that nothing happened where there are no facts', () => {
    const cluster = { pods: [], pools: [], tenants: [], recommendations: [], campaigns: [] };
    const nothing: DemoFacts = {
      ...good,
      cluster,
      crds: [],
      usage: [],
      stripe: [],
      commands: [],
      operator: { ...good.operator, leaseHolder: '' },
      mails: { sent: 0, recipients: 0, expected: 3 },
    };
    expect(judge(nothing).filter(({ result }) => result === 'happened')).toEqual([]);
  });
});

describe('the report', () => {
  it('tells each part in words that fit the number', () => {
    const text = renderReport(good, judge(good));
    expect(text).toMatchInlineSnapshot(`
      "
      GPUs (simulated)
        pool  GPUs  allocated  share  stranded  unhealthy
        h100     8        1.0   13 %       0.0          0
        stranded: free, but in pieces that the pods of this cluster cannot use

        tenant  holds GPUs  pods waiting
        acme           1.0             1

      Waits
        1 pod placed; from creation to binding p50 2 s, p90 2 s, p99 2 s (whole seconds, as Kubernetes stamps them)

      Who waits, and why
        Quota: 1 pod, acme-train/a-2
            It needs 2 GPUs.

      Recommendations
        1 recommendation would save 10.50 USD in 30 days
        - Scale it down.

      Usage and bills
        tenant acme: 1.00 USD
          meter  GPU-seconds  Stripe has
          m                7           7  equal

      Mails
        3 sent to 3 people; 3 had consented

      Steps of the thread
        ✓ custom resources  14 of 14 kinds established
        ✓ install           config/default; the operator runs as a pod of the real node
        ✓ runtime           me holds the lease
        ✓ pools             1 pool count 8 of 8 GPUs
        ✓ scheduling        1 pod placed, 1 pod waiting, each with its reason
        ✓ metering          7 GPU-seconds sealed for 1 tenant
        ✓ billing           Stripe's peer counts exactly the quantities of 1 meter
        ✓ tuning            1 recommendation; telemetry: good
        ✓ growth            3 mails to 3 people, 3 had consented; run Succeeded
        ✓ command line      1 command answered"
    `);
  });

  it('breaks long lines between words and keeps every word', () => {
    const text = Array.from({ length: 60 }, (_, at) => `word${at}`).join(' ');
    expect(wrapped(text).every((line) => line.length <= 110)).toBe(true);
    expect(wrapped(text).join(' ')).toBe(text);
    expect([counted(1, 'pod'), counted(0, 'pod')]).toEqual(['1 pod', '0 pods']);
  });
});

describe('a step that fails', () => {
  it('is named with its reason, its causes and the place of the log', async () => {
    const broken = inStep('peers', '/state/logs', async () => {
      throw new Error('the mail server does not answer', { cause: new Error('connect ECONNREFUSED') });
    });
    const error = await broken.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StepFailed);
    expect(failureText(error)).toMatch(
      /^failed: peers: the mail server does not answer \(connect ECONNREFUSED\)\nlook into: \/state\/logs\n.*make demo-down/,
    );
  });

  it('is said for a peer that ends at once, with the file of its output', async () => {
    const folder = join(state, 'peers');
    await mkdir(folder, { recursive: true });
    const script = 'console.error("no such customer"); process.exit(3)';
    const started = inStep('peers', folder, () => startTalker(folder, 'stripe', [process.execPath, '-e', script]));
    await expect(started).rejects.toThrow(/stripe ended before it was ready; its output is in .*logs\/stripe\.log/);
  });

  it('says what the cluster says when another start is under way, without a stack', () => {
    expect(failureText(new ClusterError('ClusterBusy', 'process 7 is starting'))).toBe('process 7 is starting\n');
  });

  it('a trace that is not there is named with the folder', () => {
    const folder = join(state, 'no-trace');
    expect(() => demoFleet({ trace: folder, pods: 1, nodes: 1, seed: 1 })).toThrow(`TRACE=${folder} cannot be played`);
  });
});

describe('the record', () => {
  it('of a start that was cut short does not count as a demo that runs', async () => {
    const folder = join(state, 'record', 'demo');
    await writeDemo(folder, { ownsCluster: true, startedAt: '2026-01-01T00:00:00Z', finished: false });
    const record = await readDemo(folder);
    expect(record?.ownsCluster).toBe(true);
    expect(record && (await standsWhole(folder, record))).toBe(false);
    expect(record && (await standsWhole(folder, { ...record, finished: true }))).toBe(false);
    await forgetDemo(folder);
    expect(await readDemo(folder)).toBeUndefined();
  });
});

describe('the fleet of a trace', () => {
  it('has a pool and a price for each model, limits on those pools, and none of the samples’ own', () => {
    const folder = mkdtempSync(join(state, 'trace-'));
    writeFileSync(
      join(folder, 'openb_node_list_gpu_node.csv'),
      'sn,cpu_milli,memory_mib,gpu,model\nn1,64000,262144,2,P100\nn2,64000,262144,10,T4\n',
    );
    writeFileSync(
      join(folder, 'openb_pod_list_default.csv'),
      'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time\np1,1000,1024,1,460,,LS,Running,0,100,0\n',
    );
    const fleet = demoFleet({ trace: folder, pods: 5, nodes: 5, seed: 1 });
    expect({ gpus: fleet.gpus, idle: fleet.idlePods, pods: fleet.workload.length }).toEqual({
      gpus: 12,
      idle: 0,
      pods: 1,
    });
    const patches = JSON.stringify(fleet.patches);
    expect(patches).toContain('{"pool":"trace-p100","limit":2},{"pool":"trace-t4","limit":6}');
    expect(patches.match(/"\$patch":"delete"/g)).toHaveLength(7);
    expect(JSON.stringify(fleet.extras)).toContain('"name":"p100__ts4"');
  });
});
