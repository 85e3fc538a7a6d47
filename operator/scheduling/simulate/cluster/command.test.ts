import { describe, expect, it } from 'vitest';
import { PriorityClass } from '../../../kube/index.ts';
import { type Thing, thing } from '../../../runtime/testing/index.ts';
import { type Files, runCommand } from '../../live/command.fixture.ts';
import { registerPools } from '../../pools-command.ts';
import { node, pod, pool, tenant } from '../../world.fixture.ts';
import { registerClusterSimulations } from './command.ts';

const gpuopt = (world: readonly Thing[], files: Files, ...args: string[]) =>
  runCommand(
    (program, io) => {
      registerClusterSimulations(program.command('simulate'), io);
      registerPools(program, io);
    },
    world,
    args,
    files,
  );

const container = (gpus: number, resource = 'nvidia.com/gpu'): string =>
  `containers: [{name: main, resources: {limits: {${resource}: ${gpus}}}}]`;
const jobOf = (parallelism: number, gpus: number, more = ''): string => `
apiVersion: batch/v1
kind: Job
metadata: {name: train}
spec:
  parallelism: ${parallelism}
  completions: ${parallelism}
  completionMode: Indexed
  template: {spec: {${container(gpus)}${more}}}
`;
const template = (gpus: number): string => `{spec: {${container(gpus)}}}`;
const everyWorkload = `
apiVersion: jobset.x-k8s.io/v1alpha2
kind: JobSet
metadata: {name: js}
spec: {replicatedJobs: [{name: w, replicas: 2, template: {spec: {parallelism: 2, template: ${template(1)}}}}]}
---
apiVersion: leaderworkerset.x-k8s.io/v1
kind: LeaderWorkerSet
metadata: {name: lws}
spec: {startupPolicy: LeaderReady, leaderWorkerTemplate: {size: 3, workerTemplate: ${template(1)}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: cj}
spec: {schedule: 0 1 * * *, jobTemplate: {spec: {template: ${template(1)}}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: ss}
spec: {replicas: 2, template: ${template(1)}}
`;
const full = [node('n1'), pool(), tenant('acme', 16), pod('r', { node: 'n1', gpus: 6 })];

interface Row {
  readonly name: string;
  readonly world?: readonly Thing[];
  readonly files?: Files;
  readonly args: readonly string[];
  readonly json?: object;
  readonly says?: readonly string[];
  readonly code?: number;
}

const submit = ['simulate', 'submit', '-f', 'job.yaml'];
const capacity = ['simulate', 'capacity'];

const rows: readonly Row[] = [
  {
    name: 'a gang that fits says where it would go',
    files: { 'job.yaml': jobOf(2, 1) },
    args: [...submit, '--json'],
    json: {
      submitted: [{ starts: true, tenant: 'acme', nodes: { 'acme/train-0': 'n1', 'acme/train-1': 'n1' } }],
      delayed: [],
    },
  },
  {
    name: 'a gang that does not fit waits whole, with what would help',
    files: { 'job.yaml': jobOf(3, 1) },
    args: submit,
    says: ['job/acme/train (3 pods) would wait for Capacity', 'it would start now with'],
  },
  {
    name: 'the same with one more node',
    files: { 'job.yaml': jobOf(3, 1) },
    args: [...submit, '--add', '1=n1', '--map'],
    says: ['job/acme/train (3 pods) would start now', 'n1+1', '9 after the plan'],
  },
  {
    name: 'a kind of workload without a place for gangs',
    files: {
      'job.yaml': `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 2, template: {spec: {${container(1)}}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n`,
    },
    args: submit,
    says: ['pod acme/web-0 would start now', 'pod acme/web-1 would start now', 'Passed over', 'Service/web'],
  },
  {
    name: 'every other kind of workload, gangs as their owners say',
    world: [node('n1'), node('n2'), pool(), tenant('acme')],
    files: { 'job.yaml': everyWorkload },
    args: submit,
    says: [
      'jobset/acme/js (4 pods) would start now',
      'pod acme/lws-0-leader-0 would start now',
      '(2 pods) would start now:\n  acme/lws-0-worker-0',
      'pod acme/cj-0 would start now',
      'pod acme/ss-1 would start now',
    ],
  },
  {
    name: 'who is pushed back',
    world: [...full, pod('waiting', { gpus: 2 }), thing(PriorityClass, { metadata: { name: 'high' }, value: 1000 })],
    files: { 'job.yaml': jobOf(1, 2, ', priorityClassName: high') },
    args: submit,
    says: ['would start now', 'pod acme/waiting would start now, and waits then'],
  },
  {
    name: 'a namespace that no tenant has',
    files: { 'job.yaml': jobOf(1, 1) },
    args: [...submit, '-n', 'other'],
    says: ['other/train-0 is not planned: no Tenant selects namespace other'],
  },
  {
    name: 'an unknown priority class',
    files: { 'job.yaml': jobOf(1, 1, ', priorityClassName: gone') },
    args: submit,
    says: ['job.yaml: Job/train: spec.priorityClassName "gone" is unknown'],
    code: 2,
  },
  {
    name: 'a wrong number of pods',
    files: { 'job.yaml': jobOf(-1, 1) },
    args: submit,
    says: ['Job/train.spec.parallelism: -1 is no whole number of pods'],
    code: 2,
  },
  { name: 'a file that is not there', args: submit, says: ['--file: job.yaml cannot be read'], code: 2 },
  {
    name: 'a file without pods',
    files: { 'job.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\n' },
    args: submit,
    says: ['makes no pods'],
    code: 2,
  },
  {
    name: 'capacity: what more nodes let start',
    world: [...full, pod('p', { gpus: 4 })],
    args: [...capacity, '--add', '2=n1', '--json'],
    json: {
      changes: ['2 more like n1'],
      before: { capacityMilli: 8000, waitingPods: 1 },
      after: { capacityMilli: 24000, waitingPods: 0 },
      starts: [{ pods: ['acme/p'] }],
      waits: [],
    },
  },
  {
    name: 'capacity: a higher limit',
    world: [node('n1'), pool(), tenant('acme', 1), pod('p', { gpus: 4 })],
    args: [...capacity, '--quota', 'acme/main=4'],
    says: ['limit of acme in main is 4 GPUs', 'starts: pod acme/p on n1'],
  },
  {
    name: 'capacity: another layout',
    world: [
      node('n1', {
        gpus: 0,
        resources: { 'nvidia.com/mig-3g.40gb': '2' },
        labels: { 'nvidia.com/mig.strategy': 'mixed' },
      }),
      pool(),
      tenant('acme'),
      pod('p', { resource: 'nvidia.com/mig-1g.10gb' }),
    ],
    args: [...capacity, '--layout', 'n1=1g.10gb:7'],
    says: ['n1 is cut into 7 × 1g.10gb', 'starts: pod acme/p on n1'],
  },
  {
    name: 'capacity: a closed node',
    world: [...full, pod('p', { gpus: 2 })],
    args: [...capacity, '--close', 'n1'],
    says: ['n1 takes no more pods', 'waits:  pod acme/p for Health'],
  },
  { name: 'an unknown node', args: [...capacity, '--add', '1=nx'], says: ['--add: there is no node "nx"'], code: 2 },
  { name: 'a wrong form', args: [...capacity, '--quota', 'acme=4'], says: ['write TENANT/POOL=GPUS'], code: 2 },
  {
    name: 'a snapshot in place of the cluster',
    world: [],
    files: {
      'c.yaml': JSON.stringify({
        kind: 'List',
        items: [
          ...full.map(({ kind, object }) => ({
            apiVersion: kind.group === '' ? 'v1' : `${kind.group}/${kind.version}`,
            kind: kind.kind,
            ...object,
          })),
        ],
      }),
    },
    args: ['pools', 'map', '--snapshot', 'c.yaml', '--json'],
    json: { capacityMilli: 8000, heldMilli: 6000, tenants: ['acme'] },
  },
  { name: 'an empty snapshot', files: { 'c.yaml': '{}' }, args: ['pools', 'map', '--snapshot', 'c.yaml'], code: 2 },
];

describe('gpuopt simulate and pools map', () => {
  it.each(rows)('$name', async ({ world = full, files = {}, args, json, says = [], code = 0 }) => {
    const output = await gpuopt(world, files, ...args);
    for (const text of says) expect(output.stdout + output.stderr).toContain(text);
    expect(output.code).toBe(code);
    if (json !== undefined) expect(JSON.parse(output.stdout)).toMatchObject(json);
  });

  it('draws whose GPUs are whose, and what the plan adds', async () => {
    const world = [
      node('n1'),
      node('n2'),
      node('n3', { cordoned: true }),
      node('s1', { gpus: 2, resources: { 'nvidia.com/gpu': '8' }, labels: { 'nvidia.com/gpu.replicas': '4' } }),
      node('m1', { gpus: 1, resources: { 'nvidia.com/mig-1g.10gb': '3', 'nvidia.com/mig-3g.40gb': '1' } }),
      pool(),
      tenant('acme'),
      tenant('beta'),
      pod('r', { node: 'n1', gpus: 6 }),
      pod('shared', { node: 's1', namespace: 'beta' }),
      pod('slice', { node: 'm1', resource: 'nvidia.com/mig-1g.10gb' }),
      pod('next', { gpus: 2, namespace: 'beta' }),
    ];
    const { stdout, written } = await gpuopt(world, {}, 'pools', 'map', '--plan', '--svg', 'map.svg');
    expect(stdout).toMatchInlineSnapshot(`
      "pool main: 5 nodes, 26 GPUs uncut
        m1  1g.10gb A·· 3g.40gb · → 1g.10gb A·· 3g.40gb ·  NVIDIA-H100-80GB-HBM3
        n1  AAAAAA·· → AAAAAABB                            NVIDIA-H100-80GB-HBM3
        n2  ········ → ········                            NVIDIA-H100-80GB-HBM3
        n3  ········ → ········                            NVIDIA-H100-80GB-HBM3 (cordoned)
        s1  b· → b·                                        NVIDIA-H100-80GB-HBM3

      A acme   B beta   small letter: a part of a GPU   % several tenants   ? no tenant   · free
      6.4 of 26.9 GPUs in use, 8.4 after the plan
      "
    `);
    expect(written['map.svg']).toMatch(/^<svg [\s\S]*acme\/r of acme[\s\S]*\(planned\)[\s\S]*<\/svg>\n$/);
  });
});
