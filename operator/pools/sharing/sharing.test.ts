import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { GPUPoolSpec } from '../../api/index.ts';
import type { Node } from '../../kube/index.ts';
import { findMigModel } from '../mig/index.ts';
import { nodeGpus } from '../nvidia/node-gpus.ts';
import { currentGeometry, desired, type NodeCuts } from './desired.ts';
import { affectedBy, currentOffer, type Geometry, type GpuCut, offerOf, offerText } from './geometry.ts';
import { layoutName, layoutsFile } from './layouts.ts';
import { pluginConfigs } from './plugin-configs.ts';
import { changeObstacle, poolObstacle, type Site } from './site.ts';

interface NodeOptions {
  readonly devices?: Readonly<Record<string, string>>;
  readonly capacity?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly remembered?: NodeCuts['remembered'];
}

const H100 = 'NVIDIA-H100-80GB-HBM3';

function cuts({ devices = { 'nvidia.com/gpu': '2' }, capacity, labels = {}, remembered }: NodeOptions = {}): NodeCuts {
  const node: Node = {
    metadata: { name: 'n', labels: { 'nvidia.com/gpu.product': H100, 'nvidia.com/gpu.count': '2', ...labels } },
    status: { allocatable: devices, capacity: capacity ?? devices },
  };
  return {
    gpus: nodeGpus(node),
    memoryMiB: 81_559,
    migCapable: true,
    mig: labels['nvidia.com/mig.config'],
    plugin: labels['nvidia.com/device-plugin.config'],
    remembered,
  };
}

const mig = (...layouts: readonly (readonly [number, Readonly<Record<string, number>>])[]): GPUPoolSpec['sharing'] => ({
  type: 'MIG',
  mig: {
    type: 'Static',
    static: {
      layouts: layouts.map(([gpus, counts]) => ({
        gpus,
        devices: Object.entries(counts).map(([profile, count]) => ({ profile, count })),
      })),
    },
  },
});

const oneCut = { 'nvidia.com/gpu': '1', 'nvidia.com/mig-1g.10gb': '7' };
const shared = { 'nvidia.com/gpu.replicas': '4', 'nvidia.com/gpu.sharing-strategy': 'time-slicing' };

interface DesiredRow {
  readonly name: string;
  readonly sharing: GPUPoolSpec['sharing'];
  readonly node?: NodeOptions;
  readonly expected: string;
  readonly labels?: object;
}

const desiredRows: readonly DesiredRow[] = [
  { name: 'nothing said, nothing done', sharing: undefined, expected: 'AsIs' },
  { name: 'MIG without a cut accepts any', sharing: { type: 'MIG' }, node: { devices: oneCut }, expected: 'AsIs' },
  { name: 'exclusive already', sharing: { type: 'Exclusive' }, expected: 'AsIs' },
  {
    name: 'exclusive from a cut node',
    sharing: { type: 'Exclusive' },
    node: { devices: oneCut, labels: { 'nvidia.com/mig.config': 'gpo-1' } },
    expected: '2 GPUs',
    labels: { mig: 'all-disabled' },
  },
  {
    name: 'exclusive from a shared node',
    sharing: { type: 'Exclusive' },
    node: { devices: { 'nvidia.com/gpu': '8' }, labels: shared },
    expected: '2 GPUs',
    labels: { plugin: 'gpo-exclusive' },
  },
  {
    name: 'time-slicing',
    sharing: { type: 'TimeSlicing', timeSlicing: { replicas: 4 } },
    expected: '2 GPUs under TimeSlicing ×4',
    labels: { plugin: 'gpo-time-slicing-4' },
  },
  {
    name: 'MPS',
    sharing: { type: 'MPS', mps: { replicas: 8 } },
    expected: '2 GPUs under MPS ×8',
    labels: { plugin: 'gpo-mps-8' },
  },
  { name: 'one GPU cut', sharing: mig([1, { '1g.10gb': 7 }]), expected: '1 GPU, 7 × mig-1g.10gb' },
  { name: 'cut so already', sharing: mig([1, { '1g.10gb': 7 }]), node: { devices: oneCut }, expected: 'AsIs' },
  {
    name: 'all GPUs alike take the name that NVIDIA gives it',
    sharing: mig([2, { '3g.40gb': 2 }]),
    expected: '4 × mig-3g.40gb',
    labels: { mig: 'all-3g.40gb' },
  },
  {
    name: 'more layouts than GPUs',
    sharing: mig([3, { '1g.10gb': 7 }]),
    expected: 'Impossible: the layouts are for 3 GPUs and the node has 2',
  },
  {
    name: 'more devices than fit',
    sharing: mig([1, { '3g.40gb': 2, '1g.10gb': 1 }]),
    expected: 'Impossible: 2 × 3g.40gb and 1 × 1g.10gb do not fit on one H100-80 together',
  },
  {
    name: 'a profile of another model',
    sharing: mig([1, { '1g.5gb': 1 }]),
    expected: 'Impossible: H100-80 has no profile 1g.5gb',
  },
  {
    name: 'a plugin that is away says nothing about the sharing',
    sharing: mig([1, { '1g.10gb': 7 }]),
    node: { devices: { 'nvidia.com/gpu': '0' }, capacity: { 'nvidia.com/gpu': '2' } },
    expected: 'AsIs',
  },
  {
    name: 'a GPU that was withdrawn is no reason to change the node',
    sharing: { type: 'Exclusive' },
    node: { devices: { 'nvidia.com/gpu': '1' }, capacity: { 'nvidia.com/gpu': '2' } },
    expected: 'AsIs',
  },
];

describe('what a node should become', () => {
  it.each(desiredRows)('$name', ({ sharing, node, expected, labels = {} }) => {
    const found = desired(sharing, cuts(node));
    if (found.kind === 'AsIs') return expect(found.kind).toBe(expected);
    if (found.kind === 'Impossible') return expect(`Impossible: ${found.why}`).toBe(expected);
    expect(offerText(offerOf(found.target))).toBe(expected);
    expect(found.target).toMatchObject(labels);
  });
});

describe('what a node is', () => {
  const rows: readonly (readonly [string, NodeOptions, Geometry['layout']])[] = [
    ['whole', {}, [{}, {}]],
    ['as remembered', { devices: oneCut, remembered: [{}, { '1g.10gb': 7 }] }, [{}, { '1g.10gb': 7 }]],
    ['not as remembered, when it advertises something else', { remembered: [{}, { '1g.10gb': 7 }] }, [{}, {}]],
    [
      'as the stock layout says',
      { devices: { 'nvidia.com/mig-3g.40gb': '4' }, labels: { 'nvidia.com/mig.config': 'all-3g.40gb' } },
      [{ '3g.40gb': 2 }, { '3g.40gb': 2 }],
    ],
    ['unknown, when somebody else cut it', { devices: oneCut }, undefined],
  ];
  it.each(rows)('%s', (_, options, layout) => {
    const found = currentGeometry(cuts(options));
    expect(found.layout).toEqual(layout);
    expect(offerOf(found)).toEqual(currentOffer(cuts(options).gpus));
  });
});

describe('whom a change touches', () => {
  const whole: Geometry = { gpus: 2, strategy: 'None', replicas: 1, layout: [{}, {}] };
  const layout = (...layouts: NonNullable<Geometry['layout']>): Geometry => ({ ...whole, layout: layouts });
  const sevenths = { '1g.10gb': 7 };
  const halves = { '3g.40gb': 2 };
  const rows: readonly (readonly [string, Geometry, Geometry, readonly string[], readonly string[]])[] = [
    ['one of two whole GPUs', whole, layout({}, sevenths), [], ['nvidia.com/gpu', 'nvidia.com/gpu.shared']],
    ['both whole GPUs', whole, layout(sevenths, sevenths), ['nvidia.com/gpu', 'nvidia.com/gpu.shared'], []],
    [
      'the only whole GPU beside a cut one',
      layout(sevenths, {}),
      layout(sevenths, halves),
      ['nvidia.com/gpu', 'nvidia.com/gpu.shared'],
      [],
    ],
    ['the only GPU of its cut', layout(sevenths, halves), layout(sevenths, {}), ['nvidia.com/mig-3g.40gb'], []],
  ];
  it.each(rows)('%s', (_, from, to, sure, unsure) => {
    expect(affectedBy(from, to, [])).toEqual({ sure, unsure });
  });

  it('touches everybody when the plugin is set up anew, or the cut is not known', () => {
    const everything = ['nvidia.com/gpu', 'nvidia.com/gpu.shared', 'nvidia.com/mig-1g.10gb'];
    const held = ['nvidia.com/mig-1g.10gb'];
    expect(affectedBy(whole, { ...whole, strategy: 'MPS', replicas: 2 }, held).sure).toEqual(everything);
    expect(affectedBy({ gpus: 2, strategy: 'None', replicas: 1 }, whole, held).sure).toEqual(everything);
  });
});

describe('what is written for NVIDIA', () => {
  const model = findMigModel(H100, 81_559);

  it('names layouts by what they say', () => {
    const name = layoutName(model, [{}, { '1g.10gb': 7 }]);
    expect(name).toMatch(/^gpo-[0-9a-f]{8}$/);
    expect(layoutName(model, [{ '1g.10gb': 7 }, {}])).not.toBe(name);
    expect(layoutName(model, [{}, {}])).toBe('all-disabled');
    const balanced = { '3g.40gb': 1, '2g.20gb': 1, '1g.10gb': 2 };
    expect(layoutName(model, [balanced, balanced])).toBe('all-balanced');
  });

  it('is a file of mig-parted', () => {
    const file = layoutsFile(
      new Map<string, readonly GpuCut[]>([
        ['gpo-a', [{}, { '3g.40gb': 1, '1g.10gb+me': 1 }]],
        ['all-disabled', [{}]],
      ]),
    );
    expect(parse(file)).toEqual({
      version: 'v1',
      'mig-configs': {
        'all-disabled': [{ devices: 'all', 'mig-enabled': false }],
        'gpo-a': [
          { devices: [0], 'mig-enabled': false },
          { devices: [1], 'mig-enabled': true, 'mig-devices': { '1g.10gb+me': 1, '3g.40gb': 1 } },
        ],
      },
    });
  });

  it('is a ConfigMap of device plugin configurations', () => {
    const data = pluginConfigs(['gpo-time-slicing-4', 'gpo-mps-8', 'somebody-elses']);
    expect(Object.keys(data)).toEqual(['gpo-exclusive', 'gpo-mps-8', 'gpo-time-slicing-4']);
    expect(parse(data['gpo-time-slicing-4'] ?? '')).toEqual({
      version: 'v1',
      flags: { migStrategy: 'mixed' },
      sharing: {
        timeSlicing: { failRequestsGreaterThanOne: true, resources: [{ name: 'nvidia.com/gpu', replicas: 4 }] },
      },
    });
  });
});

describe('what stands in the way', () => {
  const policy = { strategy: 'mixed', layouts: 'gpuoptimizer-mig-layouts', plugin: 'gpuoptimizer-device-plugin' };
  const site: Site = { world: 'DevicePlugin', mixed: false, policy, namespace: 'gpu-operator' };
  const cut = mig([1, { '1g.10gb': 7 }]);
  const slices: GPUPoolSpec['sharing'] = { type: 'TimeSlicing', timeSlicing: { replicas: 2 } };
  const rows: readonly (readonly [string, GPUPoolSpec['sharing'], Site, string | undefined])[] = [
    ['nothing', cut, site, undefined],
    ['both stacks', cut, { ...site, mixed: true }, 'WorldsMixed'],
    ['bare resources', cut, { ...site, world: 'Bare' }, 'WorldReadOnly'],
    ['no ClusterPolicy', cut, { ...site, policy: undefined }, 'ClusterPolicyNotFound'],
    ['no operand', cut, { ...site, namespace: undefined }, 'OperandsNotFound'],
    ['the strategy single', cut, { ...site, policy: { ...policy, strategy: 'single' } }, 'MixedStrategyNeeded'],
    ['other layouts', cut, { ...site, policy: { ...policy, layouts: '' } }, 'LayoutsNotMounted'],
    ['another plugin config', slices, { ...site, policy: { ...policy, plugin: 'x' } }, 'PluginConfigNotMounted'],
    ['another plugin config, where none is needed', cut, { ...site, policy: { ...policy, plugin: 'x' } }, undefined],
  ];
  it.each(rows)('%s', (_, sharing, found, reason) => {
    expect(poolObstacle({ sharing, reconfiguration: {} }, found)?.reason).toBe(reason);
    expect(poolObstacle({ sharing }, found)).toBeUndefined();
  });

  it('lets NVIDIA’s own layouts through where ours are not mounted', () => {
    const unmounted: Site = { ...site, policy: { ...policy, layouts: '' } };
    const whole: Geometry = { gpus: 1, strategy: 'None', replicas: 1, layout: [{}] };
    const ours: Geometry = { ...whole, layout: [{ '1g.10gb': 3 }], mig: 'gpo-1' };
    const stock: Geometry = { ...whole, layout: [{ '1g.10gb': 7 }], mig: 'all-1g.10gb' };
    expect(changeObstacle(whole, ours, unmounted)?.reason).toBe('LayoutsNotMounted');
    expect(changeObstacle(whole, stock, unmounted)).toBeUndefined();
  });
});
