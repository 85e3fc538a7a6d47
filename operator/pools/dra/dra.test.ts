import { describe, expect, it } from 'vitest';
import type { GPUPool } from '../../api/index.ts';
import type { DeviceClass, DeviceTaintRule, ResourceClaim, ResourceSlice } from '../../kube/index.ts';
import { decide } from '../allocator/decide.ts';
import { taintRule } from '../allocator/resources.ts';
import { heldDevices } from './allocations.ts';
import { claimedMilli, countDraNode } from './counts.ts';
import { readDraNodes } from './devices.ts';
import { parseDeviceName, shapeLabel, shapeOf } from './names.ts';
import { readRequests } from './requests.ts';
import { readSelector } from './selectors.ts';

const DRIVER = 'gpu.nvidia.com';
type Device = NonNullable<ResourceSlice['spec']['devices']>[number];

function device(
  name: string,
  profile: string | undefined,
  slices: readonly number[],
  over: Partial<Device> = {},
): Device {
  const counters = Object.fromEntries(slices.map((at) => [`memory-slice-${at}`, { value: '1' }]));
  return {
    name,
    attributes: {
      type: { string: profile === undefined ? 'gpu' : 'mig' },
      ...(profile && { profile: { string: profile } }),
      productName: { string: 'NVIDIA H100 80GB HBM3' },
    },
    capacity: { memory: { value: profile === undefined ? '85094039552' : '10468982784' } },
    consumesCounters: [{ counterSet: 'gpu-0-counter-set', counters }],
    ...over,
  };
}

const ALL = [0, 1, 2, 3, 4, 5, 6, 7];
const DEVICES = [
  device('gpu-0', undefined, ALL),
  ...[0, 1, 2, 3, 4, 5, 6].map((at) => device(`gpu-0-mig-1g10gb-19-${at}`, '1g.10gb', [at])),
  device('gpu-0-mig-4g40gb-5-0', '4g.40gb', [0, 1, 2, 3]),
];
const COUNTERS = Object.fromEntries(ALL.map((at) => [`memory-slice-${at}`, { value: '1' }]));

function slice(spec: Partial<ResourceSlice['spec']>, pool: Partial<ResourceSlice['spec']['pool']> = {}): ResourceSlice {
  const whole = { name: 'n', generation: 2, resourceSliceCount: 2, ...pool };
  return { metadata: { name: 's' }, spec: { driver: DRIVER, nodeName: 'n', pool: whole, ...spec } };
}

const counters = slice({ sharedCounters: [{ name: 'gpu-0-counter-set', counters: COUNTERS }] });
const both = [counters, slice({ devices: DEVICES })];
const claim = (device: string, over: object = {}): ResourceClaim => ({
  metadata: { name: 'c', namespace: 'a' },
  spec: {},
  status: { allocation: { devices: { results: [{ request: 'gpu', driver: DRIVER, pool: 'n', device, ...over }] } } },
});

describe('devices of a node', () => {
  it('are read with their GPU, their worth and what they share', () => {
    const node = readDraNodes(both).get('n');
    expect(node).toMatchObject({ model: 'NVIDIA-H100-80GB-HBM3', gpus: 1, problem: undefined });
    const found = node?.devices.find(({ name }) => name === 'gpu-0-mig-4g40gb-5-0');
    expect(found).toMatchObject({ shape: 'mig.nvidia.com/4g.40gb', gpu: 0, milli: 571, shareMilli: 500 });
    expect(found?.takes).toMatchObject({ 'gpu-0-counter-set/memory-slice-3': 1, 'device/gpu-0-mig-4g40gb-5-0': 1 });
    expect(parseDeviceName('gpu-3-mig-1g10gb-me-20-6')).toEqual({ gpu: 3, start: 6 });
  });

  it.each<{
    readonly name: string;
    readonly slices: readonly ResourceSlice[];
    readonly problem?: string;
    readonly devices: number;
  }>([
    {
      name: 'of an older generation do not count',
      slices: [...both, slice({ devices: DEVICES }, { generation: 1 })],
      devices: 9,
    },
    {
      name: 'of a driver that published half',
      slices: [counters],
      problem: '1 of 2 ResourceSlices published',
      devices: 0,
    },
    {
      name: 'that are published twice',
      slices: [...both, slice({ devices: DEVICES.slice(0, 1) })],
      problem: 'device gpu-0 published twice',
      devices: 10,
    },
    {
      name: 'of other drivers are not ours',
      slices: [slice({ driver: 'nic.example.com', devices: DEVICES })],
      devices: 0,
    },
  ])('$name', ({ slices, problem, devices }) => {
    const node = readDraNodes(slices).get('n');
    expect([node?.problem, node?.devices.length ?? 0]).toEqual([problem, devices]);
  });

  it('are tainted by their driver and by rules of others; ours only says since when kube-scheduler keeps off', () => {
    const ill = DEVICES.map((each) =>
      each.name === 'gpu-0' ? { ...each, taints: [{ key: 'xid', effect: 'NoSchedule' }] } : each,
    );
    const rule = (key: string, deviceSelector: DeviceTaintRule['spec']['deviceSelector']): DeviceTaintRule => ({
      metadata: { name: key, creationTimestamp: '2027-01-01T00:00:00Z' },
      spec: { deviceSelector, taint: { key, effect: 'NoSchedule' } },
    });
    const rules = [
      rule('gpuoptimizer.io/allocator', { driver: DRIVER, pool: 'n' }),
      rule('admin', { pool: 'n', device: 'gpu-0-mig-1g10gb-19-0' }),
      rule('other', { pool: 'm' }),
      rule('nobody', undefined),
    ];
    const node = readDraNodes([counters, slice({ devices: ill })], rules).get('n');
    const taints = node?.devices.flatMap(({ name, taint }) => (taint === undefined ? [] : [`${name} ${taint}`]));
    expect(taints).toEqual(['gpu-0 xid', 'gpu-0-mig-1g10gb-19-0 admin']);
    expect(node?.keptSince).toBe('2027-01-01T00:00:00Z');
  });

  it('are counted by what fits, what is held and what still fits', () => {
    const node = readDraNodes(both).get('n');
    if (node === undefined) throw new Error('no node');
    const { gpus, held } = countDraNode(node, [
      claim('gpu-0-mig-1g10gb-19-2'),
      claim('gpu-0-mig-1g10gb-19-6', { adminAccess: true }),
    ]);
    expect(held).toEqual([{ resource: 'mig.nvidia.com/1g.10gb', count: 1 }]);
    expect(gpus.resources.map(({ name, count, free }) => [name, count, free])).toEqual([
      ['gpu.nvidia.com', 1, 0],
      ['mig.nvidia.com/1g.10gb', 7, 6],
      ['mig.nvidia.com/4g.40gb', 1, 0],
    ]);
    expect(gpus).toMatchObject({ physical: 1, withdrawn: 0, sharing: 'DRA', offeredMilli: 1000 });
    const shared = [claim('gpu-0-mig-4g40gb-5-0', { shareID: 'a' }), claim('gpu-0-mig-4g40gb-5-0', { shareID: 'b' })];
    expect(claimedMilli(shared, new Map([['n', node]]))).toBe(571);
  });
});

describe('what claims say', () => {
  const classes = (name: string): DeviceClass | undefined =>
    name === 'odd.example.com'
      ? { metadata: { name }, spec: { selectors: [{ cel: { expression: 'device.driver.startsWith("x")' } }] } }
      : name === 'nic.example.com'
        ? { metadata: { name }, spec: { selectors: [{ cel: { expression: "device.driver == 'nic.example.com'" } }] } }
        : name.endsWith('.nvidia.com')
          ? {
              metadata: { name },
              spec: {
                selectors: [
                  {
                    cel: {
                      expression: `device.driver == '${DRIVER}' && device.attributes['${DRIVER}'].type == '${name.split('.')[0]}'`,
                    },
                  },
                ],
              },
            }
          : undefined;
  const profile = (value: string) => [{ cel: { expression: `device.attributes["${DRIVER}"].profile == "${value}"` } }];
  type Exactly = NonNullable<NonNullable<NonNullable<ResourceClaim['spec']['devices']>['requests']>[number]['exactly']>;

  it.each<{ readonly name: string; readonly exactly: Exactly; readonly want: string }>([
    { name: 'a whole GPU', exactly: { deviceClassName: 'gpu.nvidia.com' }, want: 'gpu.nvidia.com x1' },
    { name: 'two GPUs', exactly: { deviceClassName: 'gpu.nvidia.com', count: 2 }, want: 'gpu.nvidia.com x2' },
    {
      name: 'a slice',
      exactly: { deviceClassName: 'mig.nvidia.com', selectors: profile('1g.10gb') },
      want: 'mig.nvidia.com/1g.10gb x1',
    },
    { name: 'any slice', exactly: { deviceClassName: 'mig.nvidia.com' }, want: 'unclear' },
    {
      name: 'a slice of the wrong class',
      exactly: {
        deviceClassName: 'gpu.nvidia.com',
        selectors: [{ cel: { expression: `device.attributes['${DRIVER}'].type == 'mig'` } }],
      },
      want: 'unclear',
    },
    { name: 'administration', exactly: { deviceClassName: 'gpu.nvidia.com', adminAccess: true }, want: 'others' },
    { name: 'a network card', exactly: { deviceClassName: 'nic.example.com' }, want: 'others' },
    { name: 'a class that says it in another way', exactly: { deviceClassName: 'odd.example.com' }, want: 'unclear' },
    { name: 'a class that is not there', exactly: { deviceClassName: 'none' }, want: 'unclear' },
    {
      name: 'all devices',
      exactly: { deviceClassName: 'gpu.nvidia.com', allocationMode: 'All' },
      want: 'gpu.nvidia.com xall',
    },
    {
      name: 'much memory',
      exactly: { deviceClassName: 'gpu.nvidia.com', capacity: { requests: { memory: '40Gi' } } },
      want: 'gpu.nvidia.com x1 of 42949672960',
    },
    {
      name: 'another capacity',
      exactly: { deviceClassName: 'gpu.nvidia.com', capacity: { requests: { bandwidth: '1G' } } },
      want: 'unclear',
    },
  ])('$name', ({ exactly, want }) => {
    const reading = readRequests({ requests: [{ name: 'r', exactly }] }, classes);
    const text =
      reading.kind === 'devices'
        ? reading.ways
            .flat()

            .map(({ count, memory, shape }) => `${shape} x${count}${memory === undefined ? '' : ` of ${memory}`}`)
            .join()
        : reading.kind;
    expect(text).toBe(want);
  });

  it('lists ways in the order of preference, as many as its alternatives make', () => {
    const others = (...names: readonly string[]) =>
      names.map((name) => ({
        name: name.replaceAll('.', '-'),
        deviceClassName: 'mig.nvidia.com',
        selectors: profile(name),
      }));
    const read = (...lists: readonly (readonly string[])[]) => {
      const requests = lists.map((names, at) => ({ name: `r${at}`, firstAvailable: others(...names) }));
      const reading = readRequests({ requests }, classes);
      return reading.kind === 'devices'
        ? reading.ways.map((way) => way.map(({ request }) => request).join())
        : reading.kind;
    };
    expect(read(['3g.40gb', '2g.20gb'])).toEqual(['r0/3g-40gb', 'r0/2g-20gb']);
    expect(read(['3g.40gb', '2g.20gb'], ['1g.10gb', '4g.40gb'])).toEqual([
      'r0/3g-40gb,r1/1g-10gb',
      'r0/3g-40gb,r1/4g-40gb',
      'r0/2g-20gb,r1/1g-10gb',
      'r0/2g-20gb,r1/4g-40gb',
    ]);
    const five = ['1g.10gb', '2g.20gb', '3g.40gb', '4g.40gb', '7g.80gb'];
    expect(read(five, five)).toBe('unclear');
  });

  it.each([
    { name: 'two devices that must match', request: { count: 2 }, want: 'unclear' },
    { name: 'all devices that must match', request: { allocationMode: 'All' }, want: 'unclear' },
    { name: 'one device that matches itself', request: { count: 1 }, want: 'devices' },
  ])('$name', ({ request, want }) => {
    const requests = [{ name: 'r', exactly: { deviceClassName: 'gpu.nvidia.com', ...request } }];
    const constraints = [{ matchAttribute: 'resource.kubernetes.io/pcieRoot' }];
    expect(readRequests({ requests, constraints }, classes).kind).toBe(want);
  });

  it('is understood term by term or not at all', () => {
    expect(readSelector("device.driver == 'a' && device.attributes['gpu.nvidia.com'].type == \"mig\"")).toEqual({
      driver: 'a',
      type: 'mig',
    });
    for (const text of ["device.driver == 'a' || true", "device.driver == 'a' && device.driver == 'b'", '']) {
      expect(readSelector(text), text).toBeUndefined();
    }
    expect(heldDevices(claim('gpu-0', { adminAccess: true }))).toEqual([]);
    expect([shapeLabel(shapeOf('gpu', undefined)), shapeLabel(shapeOf('mig', '1g.10gb+me'))]).toEqual([
      'gpu',
      '1g.10gb.me',
    ]);
  });
});

describe('the rules that keep kube-scheduler off', () => {
  const pool = (allocator: 'GPUOptimizer' | 'Scheduler'): GPUPool => ({
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'GPUPool',
    metadata: { name: 'p', uid: 'u' },
    spec: { nodes: { selector: {} }, sharing: { type: 'DRA', dra: { allocator } } },
  });

  it('stand for nodes of pools that allocate themselves, and for no others', () => {
    const nodes = [{ node: 'a', pool: pool('GPUOptimizer') }, { node: 'b', pool: pool('Scheduler') }, { node: 'c' }];
    const old: DeviceTaintRule = {
      metadata: { name: 'old' },
      spec: { deviceSelector: { pool: 'b' }, taint: { key: 'gpuoptimizer.io/allocator', effect: 'NoSchedule' } },
    };
    const plan = decide(nodes, [old]);
    expect(plan.keep.map(({ node }) => node)).toEqual(['a']);
    expect(plan.remove).toEqual([old]);
    expect(plan.keep.map(taintRule)).toMatchObject([
      {
        metadata: { name: 'gpuopt-a', ownerReferences: [{ kind: 'GPUPool', uid: 'u' }] },
        spec: { deviceSelector: { driver: DRIVER, pool: 'a' }, taint: { effect: 'NoSchedule' } },
      },
    ]);
  });
});
