import { describe, expect, it } from 'vitest';
import { featureLabels, readPluginConfig, resourcesOf } from './advertise.ts';
import type { Cut } from './hardware.ts';

describe('what a plugin advertises', () => {
  const gpus: readonly Cut[] = [{}, {}, { '1g.10gb': 7 }, { '1g.10gb+me': 1, '3g.40gb': 1 }];

  it('is whole GPUs by replicas, and MIG devices under the strategy mixed', () => {
    expect(resourcesOf(gpus, { strategy: 'time-slicing', replicas: 4 })).toEqual({
      'nvidia.com/gpu': 8,
      'nvidia.com/mig-1g.10gb': 7,
      'nvidia.com/mig-1g.10gb.me': 1,
      'nvidia.com/mig-3g.40gb': 1,
    });
  });

  it('is described by labels, and old counts go', () => {
    const known = { 'nvidia.com/mig-2g.20gb.count': '3', 'nvidia.com/mig.config': 'all-2g.20gb' };
    expect(featureLabels([{}, { '3g.40gb': 2 }], { strategy: 'none', replicas: 1 }, 'H100-SHARED', known)).toEqual({
      'nvidia.com/mig-2g.20gb.count': null,
      'nvidia.com/mig-3g.40gb.count': '2',
      'nvidia.com/gpu.product': 'H100',
      'nvidia.com/gpu.count': '2',
      'nvidia.com/gpu.replicas': '1',
      'nvidia.com/gpu.sharing-strategy': 'none',
    });
  });

  it('follows the file that it is given', () => {
    const file = (sharing: string): string =>
      `version: v1\nsharing: {${sharing}: {resources: [{name: nvidia.com/gpu, replicas: 4}]}}\n`;
    expect(readPluginConfig('version: v1\nflags: {migStrategy: mixed}\n')).toEqual({ strategy: 'none', replicas: 1 });
    expect(readPluginConfig(file('timeSlicing'))).toEqual({ strategy: 'time-slicing', replicas: 4 });
    expect(readPluginConfig(file('mps'))).toEqual({ strategy: 'mps', replicas: 4 });
    expect(readPluginConfig(undefined)).toEqual({ strategy: 'none', replicas: 1 });
  });
});
