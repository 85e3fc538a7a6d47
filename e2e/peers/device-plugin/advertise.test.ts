import { describe, expect, it } from 'vitest';
import { pluginConfigs } from '../../../operator/pools/sharing/index.ts';
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

  it('follows the files that the operator writes', () => {
    const files = pluginConfigs(['gpo-time-slicing-4', 'gpo-mps-8']);
    expect(readPluginConfig(files['gpo-exclusive'])).toEqual({ strategy: 'none', replicas: 1 });
    expect(readPluginConfig(files['gpo-time-slicing-4'])).toEqual({ strategy: 'time-slicing', replicas: 4 });
    expect(readPluginConfig(files['gpo-mps-8'])).toEqual({ strategy: 'mps', replicas: 8 });
    expect(readPluginConfig(undefined)).toEqual({ strategy: 'none', replicas: 1 });
  });
});
