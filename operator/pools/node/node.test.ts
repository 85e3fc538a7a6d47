import { describe, expect, it } from 'vitest';
import type { GPUPool } from '../../api/index.ts';
import type { Node, Pod } from '../../kube/index.ts';
import { sickness, toDrain } from './health.ts';
import { decideMarks, MARKS_ANNOTATION, UNHEALTHY_ANNOTATION } from './marks.ts';

const NOW = new Date('2027-01-10T08:00:00Z');
const ago = (seconds: number): string => new Date(NOW.getTime() - seconds * 1000).toISOString();

function pool(spec: Partial<GPUPool['spec']> = {}): GPUPool {
  const nodes = { selector: { matchLabels: { pool: 'a' } } };
  return { apiVersion: 'x', kind: 'GPUPool', metadata: { name: 'main' }, spec: { nodes, ...spec } };
}

function node(options: { labels?: object; annotations?: object; taints?: object[]; status?: object } = {}): Node {
  const resources = { 'nvidia.com/gpu': '8' };
  return {
    metadata: {
      name: 'n',
      labels: { 'nvidia.com/gpu.count': '8', ...options.labels },
      annotations: { ...options.annotations },
    },
    spec: { taints: options.taints as never },
    status: {
      capacity: resources,
      allocatable: resources,
      conditions: [{ type: 'Ready', status: 'True' }],
      ...options.status,
    },
  };
}

const label = 'gpuoptimizer.io/pool';
const marked = (labels: object, taints: object[] = []) => ({ [MARKS_ANNOTATION]: JSON.stringify({ labels, taints }) });
const ours = { [label]: 'main' };
const settled = { labels: ours, annotations: marked(ours) };
const foreign = { key: 'other', effect: 'NoSchedule' };
const dedicated = { key: 'dedicated', value: 'ml', effect: 'NoSchedule' as const };
const unhealthy = { key: 'gpuoptimizer.io/unhealthy', effect: 'NoSchedule' };
const sick = { signal: 'Xid', why: 'the device plugin withdrew 1 GPU(s)' } as const;
const noted = (wellSince?: string) => ({
  [UNHEALTHY_ANNOTATION]: JSON.stringify({ why: 'Xid: x', since: ago(900), ...(wellSince && { wellSince }) }),
});
const sickNode = { labels: ours, taints: [foreign, unhealthy] };
const sickMarks = marked(ours, [unhealthy]);

const rows: readonly {
  readonly name: string;
  readonly node: Node;
  readonly pool?: GPUPool;
  readonly sick?: typeof sick;
  readonly labels?: object;
  readonly taints?: readonly object[];
  readonly became?: string;
  readonly after?: number;
}[] = [
  { name: 'marks a node of the pool', node: node(), pool: pool(), labels: ours },
  { name: 'leaves a marked node alone', node: node(settled), pool: pool() },
  { name: 'leaves a node of no pool alone', node: node({ taints: [foreign] }) },
  {
    name: 'puts labels and taints on, beside those of others',
    node: node({ ...settled, taints: [foreign] }),
    pool: pool({ labels: { team: 'ml' }, taints: [dedicated] }),
    labels: { team: 'ml' },
    taints: [foreign, dedicated],
  },
  {
    name: 'takes away what the pool no longer wants, and nothing that others changed',
    node: node({
      labels: { ...ours, team: 'ml', tier: 'theirs' },
      annotations: marked({ ...ours, team: 'ml', tier: 'ours' }, [dedicated]),
      taints: [dedicated, foreign],
    }),
    pool: pool(),
    labels: { team: null },
    taints: [foreign],
  },
  {
    name: 'takes everything away from a node that left its pool',
    node: node({ labels: ours, annotations: { ...sickMarks, ...noted() }, taints: [foreign, unhealthy] }),
    labels: { [label]: null },
    taints: [foreign],
  },
  {
    name: 'changes the value of a taint in place of adding one',
    node: node({ ...settled, annotations: marked(ours, [dedicated]), taints: [{ ...dedicated, value: 'old' }] }),
    pool: pool({ taints: [dedicated] }),
    taints: [dedicated],
  },
  {
    name: 'taints a sick node',
    node: node({ ...settled, taints: [foreign] }),
    pool: pool({ health: {} }),
    sick,
    taints: [foreign, unhealthy],
    became: 'Unhealthy',
  },
  {
    name: 'only reports where the pool says so',
    node: node(settled),
    pool: pool({ health: { action: 'Observe' } }),
    sick,
  },
  {
    name: 'notes since when a node is well, and leaves it tainted',
    node: node({ ...sickNode, annotations: { ...sickMarks, ...noted() } }),
    pool: pool({ health: { quietSeconds: 60 } }),
    after: 60_000,
  },
  {
    name: 'waits until it has been well long enough',
    node: node({ ...sickNode, annotations: { ...sickMarks, ...noted(ago(59)) } }),
    pool: pool({ health: { quietSeconds: 60 } }),
    after: 1_000,
  },
  {
    name: 'lets pods come back after the quiet time',
    node: node({ ...sickNode, annotations: { ...sickMarks, ...noted(ago(60)) } }),
    pool: pool({ health: { quietSeconds: 60 } }),
    taints: [foreign],
    became: 'Healthy',
  },
];

describe('what a pool puts on a node', () => {
  it.each(rows)('$name', ({ node: before, pool: owner, sick: illness, labels, taints, became, after }) => {
    const plan = decideMarks(before, owner, illness, NOW);
    expect(plan.metadata?.labels).toEqual(labels);
    expect(plan.taints).toEqual(taints);
    expect(plan.became).toBe(became);
    expect(plan.after).toBe(after);
  });

  it('starts the quiet time anew when a node falls sick again', () => {
    const before = node({ ...sickNode, annotations: { ...sickMarks, ...noted(ago(59)) } });
    const plan = decideMarks(before, pool({ health: { quietSeconds: 60 } }), sick, NOW);
    expect(plan.metadata?.annotations?.[UNHEALTHY_ANNOTATION]).not.toContain('wellSince');
    expect(plan.after).toBeUndefined();
  });
});

describe('what makes a node sick', () => {
  const allocatable = (count: string) => ({ status: { allocatable: { 'nvidia.com/gpu': count } } });
  const table: readonly (readonly [string, Node, string | undefined])[] = [
    ['nothing', node(), undefined],
    [
      'a kubelet that is silent',
      node({ status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }),
      'NodeCondition',
    ],
    ['a GPU that the plugin withdrew', node(allocatable('7')), 'Xid'],
    ['not a plugin that is away', node(allocatable('0')), undefined],
    [
      'a driver upgrade',
      node({ labels: { 'nvidia.com/gpu-driver-upgrade-state': 'drain-required' } }),
      'DriverUpgrade',
    ],
    ['not a finished one', node({ labels: { 'nvidia.com/gpu-driver-upgrade-state': 'upgrade-done' } }), undefined],
    ['NVSentinel', node({ annotations: { quarantineHealthEvent: '[{}]' } }), 'NVSentinel'],
    [
      'a condition of NVSentinel',
      node({
        status: {
          conditions: [
            { type: 'Ready', status: 'True' },
            { type: 'GpuMemWatch', status: 'True' },
          ],
        },
      }),
      'NVSentinel',
    ],
  ];
  it.each(table)('%s', (_, found, signal) => {
    expect(sickness(found)?.signal).toBe(signal);
    if (signal !== undefined) expect(sickness(found, ['Xid'])?.signal).toBe(signal === 'Xid' ? 'Xid' : undefined);
  });

  it('drains who is on a bad device, and nobody where another actor works', () => {
    const pod = (health: string): Pod => ({
      metadata: { name: health, namespace: 'a', uid: health },
      status: {
        containerStatuses: [
          {
            name: 'main',
            image: '',
            imageID: '',
            ready: true,
            restartCount: 0,
            allocatedResourcesStatus: [{ name: 'nvidia.com/gpu', resources: [{ resourceID: 'gpu-0', health }] }],
          },
        ],
      },
    });
    const pods = [pod('Unhealthy'), pod('Healthy')];
    expect(toDrain(node(), pods, 'DrainAffected').map(({ metadata }) => metadata.name)).toEqual(['Unhealthy']);
    expect(toDrain(node(), pods, 'StopPlacing')).toEqual([]);
    expect(toDrain(node({ annotations: { quarantineHealthEvent: '[{}]' } }), pods, 'DrainAffected')).toEqual([]);
  });
});
