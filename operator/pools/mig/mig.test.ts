import { describe, expect, it } from 'vitest';
import {
  findMigModel,
  MIG_MODELS,
  type MigModel,
  migEquivalentMilli,
  migProfileName,
  migResourceMilli,
  migResourceName,
  parseMigProfile,
  parseMigResource,
  placeLayout,
  profileNames,
  profileShape,
} from './index.ts';

function model(name: string): MigModel {
  const found = MIG_MODELS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no model ${name}`);
  return found;
}

describe('names', () => {
  const rows = [
    { resource: 'nvidia.com/mig-1g.10gb', profile: { compute: 1, memoryGb: 10 }, name: '1g.10gb' },
    {
      resource: 'nvidia.com/mig-1g.10gb.me',
      profile: { compute: 1, memoryGb: 10, attribute: '+me' },
      name: '1g.10gb+me',
    },
    {
      resource: 'nvidia.com/mig-1g.24gb-me',
      profile: { compute: 1, memoryGb: 24, attribute: '-me' },
      name: '1g.24gb-me',
    },
    {
      resource: 'nvidia.com/mig-1g.24gb.me.all',
      profile: { compute: 1, memoryGb: 24, attribute: '+me.all' },
      name: '1g.24gb+me.all',
    },
    {
      resource: 'nvidia.com/mig-1c.3g.20gb',
      profile: { computeInstance: 1, compute: 3, memoryGb: 20 },
      name: '1c.3g.20gb',
    },
  ];
  it.each(rows)('$resource is $name and back', ({ resource, profile, name }) => {
    expect(parseMigResource(resource)).toEqual(profile);
    expect(migProfileName(profile)).toBe(name);
    expect(parseMigProfile(name)).toEqual(profile);
    expect(migResourceName(profile)).toBe(resource);
    expect(resource.length).toBeLessThanOrEqual(63);
  });

  it.each([
    'nvidia.com/gpu',
    'nvidia.com/gpu.shared',
    'nvidia.com/mig-',
    'nvidia.com/mig-1g',
    'amd.com/mig-1g.10gb',
    'mig-1g.10gb',
  ])('%s is not a MIG resource', (resource) => {
    expect(parseMigResource(resource)).toBeUndefined();
  });
});

describe('models', () => {
  const rows: readonly (readonly [string, number | undefined, string | undefined])[] = [
    ['NVIDIA-A100-SXM4-40GB', 40960, 'A100-40'],
    ['NVIDIA-A100-SXM4-80GB', 81920, 'A100-80'],
    ['NVIDIA-A100-SXM4-80GB-MIG-1g.10gb', 9728, 'A100-80'],
    ['NVIDIA-A100-PCIE-40GB-SHARED', undefined, 'A100-40'],
    ['NVIDIA-H100-80GB-HBM3', 81559, 'H100-80'],
    ['NVIDIA-H100-NVL', 95830, 'H100-NVL-94'],
    ['NVIDIA-H100-PCIe', 81559, 'H100-80'],
    ['NVIDIA-H200', 143771, 'H200-141'],
    ['NVIDIA-H20', 97871, 'H20'],
    ['NVIDIA-GH200-480GB', 97871, 'GH200-96'],
    ['NVIDIA-GH200-144G-HBM3e', 147456, 'GH200-144'],
    ['NVIDIA-B200', 183359, 'B200'],
    ['NVIDIA-GB200', 189471, 'GB200'],
    ['NVIDIA-A30', 24576, 'A30'],
    ['NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition', 97887, 'RTX-PRO-6000'],
    ['NVIDIA-L4', 23034, undefined],
    ['Tesla-T4', 15360, undefined],
  ];
  it.each(rows)('%s with %s MiB is %s', (product, memory, name) => {
    expect(findMigModel(product, memory)?.name).toBe(name);
  });

  const names: readonly (readonly [string, readonly string[]])[] = [
    ['A100-40', ['1g.5gb', '1g.5gb+me', '1g.10gb', '2g.10gb', '3g.20gb', '4g.20gb', '7g.40gb']],
    ['H100-80', ['1g.10gb', '1g.10gb+me', '1g.20gb', '2g.20gb', '3g.40gb', '4g.40gb', '7g.80gb']],
    ['H200-141', ['1g.18gb', '1g.18gb+me', '1g.35gb', '2g.35gb', '3g.71gb', '4g.71gb', '7g.141gb']],
    ['B200', ['1g.23gb', '1g.23gb+me', '1g.45gb', '2g.45gb', '3g.90gb', '4g.90gb', '7g.180gb']],
    ['A30', ['1g.6gb', '1g.6gb+me', '2g.12gb', '2g.12gb+me', '4g.24gb']],
    ['RTX-PRO-6000', ['1g.24gb', '2g.48gb', '4g.96gb']],
  ];
  it.each(names)('%s offers %j', (name, expected) => {
    expect(profileNames(model(name))).toEqual(expected);
  });

  it('gives the 3g of every seven-slice GPU the starts of real hardware, not those of the mocks', () => {
    const shape = profileShape(model('H100-80'), { compute: 3, memoryGb: 40 });
    expect(shape).toMatchObject({ starts: [0, 4], memorySlots: 4, max: 2, giProfileId: 9 });
  });
});

describe('worth', () => {
  const rows: readonly (readonly [string, string, number | undefined])[] = [
    ['H100-80', '1g.10gb', 142],
    ['H100-80', '1g.10gb+me', 142],
    ['H100-80', '1g.20gb', 250],
    ['H100-80', '2g.20gb', 285],
    ['H100-80', '3g.40gb', 500],
    ['H100-80', '4g.40gb', 571],
    ['H100-80', '7g.80gb', 1000],
    ['H100-80', '1c.3g.40gb', 166],
    ['H100-80', '1g.5gb', undefined],
    ['A100-40', '1g.10gb', 250],
    ['A30', '1g.6gb', 250],
    ['A30', '2g.12gb', 500],
    ['RTX-PRO-6000', '4g.96gb', 1000],
  ];
  it.each(rows)('on %s a %s is worth %s', (name, profile, milli) => {
    const parsed = parseMigProfile(profile);
    expect(parsed && migEquivalentMilli(model(name), parsed)).toBe(milli);
  });

  it('reads the same name by the model of the node', () => {
    expect(migResourceMilli('nvidia.com/mig-1g.10gb', 'NVIDIA-A100-SXM4-40GB', 40960)).toBe(250);
    expect(migResourceMilli('nvidia.com/mig-1g.10gb', 'NVIDIA-A100-SXM4-80GB', 81920)).toBe(142);
    expect(migResourceMilli('nvidia.com/mig-1g.10gb', 'some-new-gpu')).toBe(142);
    expect(migResourceMilli('nvidia.com/gpu', 'NVIDIA-H200')).toBeUndefined();
  });
});

describe('layouts', () => {
  const rows: readonly (readonly [string, string, Readonly<Record<string, number>>, boolean])[] = [
    ['seven 1g', 'H100-80', { '1g.10gb': 7 }, true],
    ['eight 1g', 'H100-80', { '1g.10gb': 8 }, false],
    ['two 3g', 'H100-80', { '3g.40gb': 2 }, true],
    ['two 3g leave no memory for a 1g', 'H100-80', { '3g.40gb': 2, '1g.10gb': 1 }, false],
    ['a 4g pushes the 3g to slot 4', 'H100-80', { '4g.40gb': 1, '3g.40gb': 1 }, true],
    ['two 4g', 'H100-80', { '4g.40gb': 2 }, false],
    ['all-balanced', 'A100-40', { '1g.5gb': 2, '2g.10gb': 1, '3g.20gb': 1 }, true],
    ['four double 1g', 'A100-80', { '1g.20gb': 4 }, true],
    ['two media 1g', 'A100-80', { '1g.10gb+me': 2 }, false],
    ['another model', 'A100-40', { '1g.18gb': 1 }, false],
    ['A30 mixed', 'A30', { '2g.12gb': 1, '1g.6gb': 2 }, true],
    ['unknown placements', 'RTX-PRO-6000', { '1g.24gb': 1 }, false],
  ];
  it.each(rows)('%s on %s', (_, name, counts, fits) => {
    expect(placeLayout(model(name), counts) !== undefined).toBe(fits);
  });

  it('places a 3g beside a 4g at slot 4 and gives the last slots to 1g first', () => {
    expect(placeLayout(model('H100-80'), { '4g.40gb': 1, '3g.40gb': 1 })).toEqual([
      { profile: '4g.40gb', start: 0 },
      { profile: '3g.40gb', start: 4 },
    ]);
    expect(placeLayout(model('H100-80'), { '1g.10gb': 1 })).toEqual([{ profile: '1g.10gb', start: 6 }]);
  });
});
