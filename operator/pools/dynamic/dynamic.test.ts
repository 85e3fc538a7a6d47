import { describe, expect, it } from 'vitest';
import type { DynamicMIG, GPUPool, Reconfiguration } from '../../api/index.ts';
import type { Node, Pod } from '../../kube/index.ts';
import { findMigModel, fitsAnySlots, type MigModel, robustCuts } from '../mig/index.ts';
import { nodeGpus } from '../nvidia/node-gpus.ts';
import type { ChangeFacts } from '../reconfigure/observe.ts';
import type { NodeRecord, Operation } from '../reconfigure/operation.ts';
import { currentGeometry } from '../sharing/desired.ts';
import { demandedTargets } from './decide.ts';
import type { Request } from './observe.ts';

const NOW = new Date('2027-01-10T08:00:00Z');
const H100 = 'NVIDIA-H100-80GB-HBM3';
const SEVENTHS = { '1g.10gb': 7 };

interface NodeOptions {
  readonly gpus?: number;
  readonly layout?: NodeRecord['layout'];
  /** Resources that running pods hold, one each, and for how many minutes. */
  readonly held?: readonly (readonly [string, number])[];
  readonly changes?: number;
  readonly cordoned?: boolean;
  readonly operation?: Partial<Operation>;
}

function node(name: string, options: NodeOptions = {}): ChangeFacts {
  const { gpus = 2, held = [], changes = 0 } = options;
  const layout = options.layout ?? Array.from({ length: gpus }, () => ({}));
  const devices: Record<string, number> = {};
  for (const cut of layout) {
    const all = Object.entries(cut).map(([profile, count]) => [`nvidia.com/mig-${profile}`, count] as const);
    for (const [key, count] of all.length === 0 ? ([['nvidia.com/gpu', 1]] as const) : all) {
      devices[key] = (devices[key] ?? 0) + count;
    }
  }
  const resources = Object.fromEntries(Object.entries(devices).map(([key, count]) => [key, String(count)]));
  const object: Node = {
    metadata: { name, uid: name, labels: { 'nvidia.com/gpu.product': H100, 'nvidia.com/gpu.count': String(gpus) } },
    status: { allocatable: resources, capacity: resources, conditions: [{ type: 'Ready', status: 'True' }] },
  };
  const record = { layout, changes: Array.from({ length: changes }, () => NOW.toISOString()) };
  const cuts = { gpus: nodeGpus(object), memoryMiB: 81_559, migCapable: true, remembered: layout };
  const previous = currentGeometry(cuts);
  return {
    name,
    cuts,
    record,
    operation:
      options.operation && ({ direction: 'Forward', previous, target: previous, ...options.operation } as Operation),
    world: {
      node: object,
      ready: true,
      unschedulable: options.cordoned === true,
      operands: [],
      holders: held.map(([resource, minutes], index) => {
        const pod: Pod = {
          metadata: { name: `p${index}`, namespace: 'a', uid: `p${index}` },
          spec: { containers: [{ name: 'main', resources: { limits: { [resource]: '1' } } }] },
        };
        return { pod, key: `a/p${index}`, resources: [resource], leaving: false, minutes };
      }),
    },
  };
}

function asks(profile: string, pods = 1, waitedSeconds = 300, count = 1): readonly Request[] {
  const resource = profile === 'gpu' ? 'nvidia.com/gpu' : `nvidia.com/mig-${profile}`;
  return Array.from({ length: pods }, (_, index) => ({
    key: `a/${profile}-${index}`,
    resource,
    count,
    waitedSeconds,
    allows: () => true,
  }));
}

function pool(reconfiguration: Reconfiguration = {}, dynamic: DynamicMIG = {}): GPUPool {
  const nodes = { selector: { matchLabels: { pool: 'a' } } };
  const sharing = { type: 'MIG', mig: { type: 'Dynamic', dynamic } } as const;
  return { apiVersion: 'x', kind: 'GPUPool', metadata: { name: 'main' }, spec: { nodes, sharing, reconfiguration } };
}

const drain: Reconfiguration = { uncertainPods: 'Drain' };

interface Row {
  readonly name: string;
  readonly nodes: readonly ChangeFacts[];
  readonly requests: readonly Request[];
  readonly pool?: GPUPool;
  /** The new cut of each node that is cut anew. */
  readonly cuts: Readonly<Record<string, readonly object[]>>;
}

const rows: readonly Row[] = [
  { name: 'nobody waits', nodes: [node('n1')], requests: [], cuts: {} },
  {
    name: 'a small slice leaves the rest of the GPU as large as it can be',
    nodes: [node('n1')],
    requests: asks('1g.10gb'),
    cuts: { n1: [{}, { '4g.40gb': 1, '2g.20gb': 1, '1g.10gb': 1 }] },
  },
  {
    name: 'many slices are cut at once',
    nodes: [node('n1')],
    requests: asks('1g.10gb', 7),
    cuts: { n1: [{}, SEVENTHS] },
  },
  {
    name: 'a node is cut once for all who wait',
    nodes: [node('n1')],
    requests: [...asks('3g.40gb', 2), ...asks('1g.10gb', 7)],
    cuts: { n1: [{ '3g.40gb': 2 }, SEVENTHS] },
  },
  { name: 'demand that is young changes nothing', nodes: [node('n1')], requests: asks('1g.10gb', 1, 59), cuts: {} },
  {
    name: 'free slices serve first',
    nodes: [node('n1', { layout: [{}, SEVENTHS] })],
    requests: asks('1g.10gb', 7),
    cuts: {},
  },
  {
    name: 'a change under way serves first',
    nodes: [
      node('n1'),
      node('n2', { operation: { target: { gpus: 2, strategy: 'None', replicas: 1, layout: [{}, SEVENTHS] } } }),
    ],
    requests: asks('1g.10gb', 7),
    cuts: {},
  },
  {
    name: 'an idle cut is given up before a whole GPU',
    nodes: [node('n1', { layout: [{}, SEVENTHS] })],
    requests: asks('3g.40gb', 2),
    cuts: { n1: [{}, { '3g.40gb': 2 }] },
  },
  {
    name: 'slices that free requests will take are not given up',
    nodes: [node('n1', { layout: [{}, SEVENTHS] })],
    requests: [...asks('1g.10gb', 1), ...asks('3g.40gb', 2)],
    cuts: { n1: [{ '3g.40gb': 2 }, SEVENTHS] },
  },
  {
    name: 'slices become a whole GPU again',
    nodes: [node('n1', { layout: [SEVENTHS, { '3g.40gb': 2 }] })],
    requests: asks('gpu', 1, 300, 2),
    cuts: { n1: [{}, {}] },
  },
  {
    name: 'a request that no cut serves whole changes nothing',
    nodes: [node('n1', { layout: [SEVENTHS, { '3g.40gb': 2 }] })],
    requests: asks('gpu', 1, 300, 3),
    cuts: {},
  },
  {
    name: 'a pod on one of the GPUs may be on any of them, and is kept',
    nodes: [node('n1', { held: [['nvidia.com/gpu', 1]] })],
    requests: asks('1g.10gb', 7, 6000),
    cuts: {},
  },
  {
    name: 'where pods may be drained, long waiting outweighs little work',
    nodes: [node('n1', { held: [['nvidia.com/gpu', 60]] })],
    requests: asks('1g.10gb', 7, 6000),
    pool: pool(drain),
    cuts: { n1: [{}, SEVENTHS] },
  },
  {
    name: 'and little waiting does not outweigh much work',
    nodes: [node('n1', { held: [['nvidia.com/gpu', 6000]] })],
    requests: asks('1g.10gb', 7, 600),
    pool: pool(drain),
    cuts: {},
  },
  {
    name: 'the node that costs nothing is taken',
    nodes: [node('n1', { held: [['nvidia.com/gpu', 5]] }), node('n2')],
    requests: asks('1g.10gb', 7, 6000),
    pool: pool(drain),
    cuts: { n2: [{}, SEVENTHS] },
  },
  {
    name: 'no more nodes at once than may be unavailable',
    nodes: [node('n1', { gpus: 1 }), node('n2', { gpus: 1 }), node('n3', { gpus: 1 })],
    requests: asks('7g.80gb', 3),
    pool: pool({ maxUnavailableNodes: 2 }),
    cuts: { n1: [{ '7g.80gb': 1 }], n2: [{ '7g.80gb': 1 }] },
  },
  {
    name: 'a node that was changed often enough today rests',
    nodes: [node('n1', { changes: 6 })],
    requests: asks('1g.10gb'),
    cuts: {},
  },
  {
    name: 'a pool may allow more',
    nodes: [node('n1', { gpus: 1, changes: 6 })],
    requests: asks('7g.80gb'),
    pool: pool({}, { maxChangesPerNodePerDay: 7 }),
    cuts: { n1: [{ '7g.80gb': 1 }] },
  },
  {
    name: 'a cordoned node is left alone',
    nodes: [node('n1', { cordoned: true })],
    requests: asks('1g.10gb'),
    cuts: {},
  },
  { name: 'nobody asked for a change', nodes: [node('n1')], requests: asks('5g.60gb'), cuts: {} },
];

describe('the cuts that waiting pods need', () => {
  it.each(rows)('$name', ({ nodes, requests, pool: chosen = pool(), cuts }) => {
    const targets = demandedTargets(chosen, nodes, requests, NOW);
    expect(Object.fromEntries(targets.map(({ facts, target }) => [facts.name, target.layout]))).toEqual(cuts);
  });

  it('only follow demand where the pool lets nodes be changed', () => {
    const { reconfiguration: _none, ...spec } = pool().spec;
    expect(demandedTargets({ ...pool(), spec }, [node('n1')], asks('1g.10gb'), NOW)).toEqual([]);
  });
});

describe('whatever slots the driver picks', () => {
  const model = findMigModel(H100, 81_559) as MigModel;
  const table: readonly (readonly [Readonly<Record<string, number>>, boolean])[] = [
    [{ '1g.10gb': 7 }, true],
    [{ '3g.40gb': 2 }, true],
    [{ '4g.40gb': 1, '3g.40gb': 1 }, true],
    [{ '4g.40gb': 1, '2g.20gb': 1, '1g.10gb': 1 }, true],
    [{ '2g.20gb': 3, '1g.10gb': 1 }, true],
    // A 3g at slot 0 leaves three starts for small slices, one at 4 leaves four.
    [{ '3g.40gb': 1, '1g.10gb': 3 }, true],
    [{ '3g.40gb': 1, '1g.10gb': 4 }, false],
    [{ '3g.40gb': 1, '2g.20gb': 2 }, false],
    [{ '3g.40gb': 2, '1g.10gb': 1 }, false],
    [{ '1g.10gb': 8 }, false],
  ];
  it.each(table)('%j: %s', (counts, fits) => {
    expect(fitsAnySlots(model, counts)).toBe(fits);
  });

  it('offers no cut that could fail', () => {
    const all = robustCuts(model);
    expect(all.length).toBeGreaterThan(20);
    expect(all.every((cut) => fitsAnySlots(model, cut))).toBe(true);
  });
});
