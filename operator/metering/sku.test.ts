import { expect, test } from 'vitest';

import { deviceOf, meterOf } from './sku.ts';

test.each([
  [
    'a whole GPU',
    'nvidia.com/gpu',
    { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3' },
    'NVIDIA-H100-80GB-HBM3',
    'full',
  ],
  [
    'a MIG slice, strategy mixed',
    'nvidia.com/mig-1g.10gb',
    { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3' },
    'NVIDIA-H100-80GB-HBM3',
    '1g.10gb',
  ],
  [
    'a MIG slice with media engines',
    'nvidia.com/mig-1g.5gb.me',
    { 'nvidia.com/gpu.product': 'NVIDIA-A100-SXM4-40GB' },
    'NVIDIA-A100-SXM4-40GB',
    '1g.5gb+me',
  ],
  [
    'a MIG slice, strategy single',
    'nvidia.com/gpu',
    { 'nvidia.com/gpu.product': 'NVIDIA-A100-SXM4-40GB-MIG-3g.20gb' },
    'NVIDIA-A100-SXM4-40GB',
    '3g.20gb',
  ],
  [
    'a shared slot, not renamed',
    'nvidia.com/gpu',
    { 'nvidia.com/gpu.product': 'Tesla-T4-SHARED', 'nvidia.com/gpu.replicas': '4' },
    'Tesla-T4',
    'ts4',
  ],
  [
    'a shared slot, renamed',
    'nvidia.com/gpu.shared',
    { 'nvidia.com/gpu.product': 'Tesla-T4', 'nvidia.com/gpu.replicas': '4' },
    'Tesla-T4',
    'ts4',
  ],
  [
    'replicas 1 are not sharing',
    'nvidia.com/gpu',
    { 'nvidia.com/gpu.product': 'NVIDIA-L4', 'nvidia.com/gpu.replicas': '1' },
    'NVIDIA-L4',
    'full',
  ],
  ['a node without labels', 'nvidia.com/gpu', {}, 'unknown', 'full'],
])('%s', (_, resource, labels, model, profile) => {
  expect(deviceOf(resource, labels)).toEqual({ model, profile });
});

test('a meter is a name that Stripe takes, and a long one keeps apart what differs at its end', () => {
  expect(meterOf({ model: 'NVIDIA-H100-80GB-HBM3', profile: '1g.10gb+me' })).toBe(
    'gpu_seconds__nvidia_h100_80gb_hbm3__1g_10gb_me',
  );
  const long = (end: string): string => meterOf({ model: `NVIDIA-${'X'.repeat(120)}${end}`, profile: 'full' });
  expect(long('A')).toHaveLength(100);
  expect(long('A')).not.toBe(long('B'));
});
