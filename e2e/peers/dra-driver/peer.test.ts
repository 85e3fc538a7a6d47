import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deviceClasses } from './classes.ts';
import { PreparedClaims } from './prepared.ts';
import { type DraNodeSpec, devicesOf, slicesOf } from './slices.ts';
import type { ResourceClaim } from './wire.ts';

const dynamic: DraNodeSpec = { node: 'n', mode: 'dynamic', gpus: 2 };
const publication = { generation: 3, taints: new Map() };

describe('what a node publishes', () => {
  it('cut on demand: counters in a first slice, then a slice for each GPU, within the limits of Kubernetes', () => {
    const slices = slicesOf(dynamic, publication);
    expect(slices.map(({ spec }) => [spec.sharedCounters?.length, spec.devices?.length])).toEqual([
      [2, undefined],
      [undefined, 26],
      [undefined, 26],
    ]);
    for (const { spec } of slices) {
      expect(spec).toMatchObject({
        driver: 'gpu.nvidia.com',
        nodeName: 'n',
        pool: { name: 'n', generation: 3, resourceSliceCount: 3 },
      });
    }
    expect(slices[0]?.spec.sharedCounters?.[0]?.name).toBe('gpu-0-counter-set');
    expect(Object.keys(slices[0]?.spec.sharedCounters?.[0]?.counters ?? {})).toHaveLength(15);
  });

  it('names and sorts devices as the driver does', () => {
    const names = devicesOf({ ...dynamic, gpus: 1 }).map(({ name }) => name);
    expect(names.slice(0, 2)).toEqual(['gpu-0', 'gpu-0-mig-1g10gb-19-0']);
    expect(names).toContain('gpu-0-mig-1g10gb-me-20-6');
    expect(names).toEqual([...names].sort());
    const parts = names.slice(1);
    expect(parts.every((name) => /^gpu-(\d+)-mig-(.+)-(\d+)-(\d+)$/.test(name))).toBe(true);
  });

  it.each([
    { mode: 'full', count: 2, uuid: /^GPU-/ },
    { mode: 'static', count: 4, uuid: /^MIG-/ },
  ] as const)('$mode: devices that exist, without counters', ({ mode, count, uuid }) => {
    const [only, ...more] = slicesOf({ node: 'n', mode, gpus: 2 }, publication);
    expect([only?.spec.devices?.length, more]).toEqual([count, []]);
    for (const { attributes, consumesCounters } of only?.spec.devices ?? []) {
      expect([attributes?.uuid?.string, consumesCounters]).toEqual([expect.stringMatching(uuid), undefined]);
    }
  });

  it('carries taints of ill devices, and classes that differ by type', () => {
    const taints = new Map([['gpu-0', { key: 'xid', effect: 'NoExecute' as const }]]);
    const tainted = slicesOf(dynamic, { generation: 1, taints }).flatMap(({ spec }) => spec.devices ?? []);
    expect(tainted.filter((device) => device.taints !== undefined).map(({ name }) => name)).toEqual(['gpu-0']);
    expect(deviceClasses('nvidia.com/gpu').map(({ spec }) => spec.extendedResourceName)).toEqual([
      'nvidia.com/gpu',
      undefined,
      undefined,
    ]);
  });
});

describe('what it prepares', () => {
  const published = new Map([['n', new Map(devicesOf(dynamic).map((device) => [device.name, device]))]]);
  const claim = (name: string, device: string, adminAccess = false): ResourceClaim => ({
    metadata: { namespace: 'a', name, uid: name },
    status: {
      reservedFor: [{ name: 'pod' }],
      allocation: { devices: { results: [{ driver: 'gpu.nvidia.com', pool: 'n', device, adminAccess }] } },
    },
  });

  it.each([
    { name: 'neighbours', devices: ['gpu-0-mig-4g40gb-5-0', 'gpu-0-mig-3g40gb-9-4'], problem: undefined },
    { name: 'one slot twice', devices: ['gpu-0-mig-1g10gb-19-0', 'gpu-0-mig-4g40gb-5-0'], problem: 'memory-slice-0' },
    { name: 'a part of a GPU that is in use', devices: ['gpu-0', 'gpu-0-mig-1g10gb-19-6'], problem: 'memory-slice-6' },
    { name: 'one device twice', devices: ['gpu-1', 'gpu-1'], problem: 'prepared twice' },
    {
      name: 'two media slices',
      devices: ['gpu-0-mig-1g10gb-me-20-0', 'gpu-0-mig-1g10gb-me-20-1'],
      problem: 'ofa-engines',
    },
    { name: 'a device that is not there', devices: ['gpu-7'], problem: 'no device gpu-7' },
  ])('says of $name: $problem', ({ devices, problem }) => {
    const prepared = new PreparedClaims();
    prepared.update(
      devices.map((device, at) => claim(`c${at}`, device)),
      published,
    );
    if (problem === undefined) return expect(prepared.problems).toEqual([]);
    expect(prepared.problems.join()).toContain(problem);
  });

  it('holds nothing for administration, and lets go of what is reserved no longer', () => {
    const prepared = new PreparedClaims();
    prepared.update([claim('a', 'gpu-0'), claim('admin', 'gpu-0', true)], published);
    expect([prepared.count, prepared.devicesOf('a/a')]).toEqual([1, ['gpu-0']]);
    prepared.update([], published);
    expect([prepared.count, prepared.problems]).toEqual([0, []]);
  });
});

it('explains itself, and what is missing', () => {
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], { encoding: 'utf8' });
  expect(run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('Example: node e2e/peers') });
  expect(run('--kubeconfig', 'x', '--node', 'a=odd')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('must be NAME=MODE:GPUS'),
  });
});
