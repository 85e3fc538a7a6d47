import { stringify } from 'yaml';
import type { Geometry } from './geometry.ts';

/** ConfigMap of device plugin configurations that ClusterPolicy must name in `spec.devicePlugin.config.name`. */
export const PLUGIN_CONFIG_MAP = 'gpuoptimizer-device-plugin';

/** Whole GPUs or MIG devices, one pod each. */
const EXCLUSIVE = 'gpo-exclusive';

/** The name of the device plugin's configuration for this way to share, the value of `nvidia.com/device-plugin.config`. */
export function pluginConfigName({ strategy, replicas }: Pick<Geometry, 'strategy' | 'replicas'>): string {
  if (strategy === 'None') return EXCLUSIVE;
  return `${strategy === 'MPS' ? 'gpo-mps' : 'gpo-time-slicing'}-${replicas}`;
}

/** The content of a configuration; undefined for a name that is none of ours. */
function pluginConfig(name: string): object | undefined {
  const [, kind, replicas] = /^gpo-(exclusive|mps|time-slicing)(?:-(\d+))?$/.exec(name) ?? [];
  const flags = { migStrategy: 'mixed' };
  if (kind === 'exclusive') return { version: 'v1', flags };
  const resources = [{ name: 'nvidia.com/gpu', replicas: Number(replicas) }];
  // A pod that asks for two replicas gets no more than one that asks for one, so it is refused.
  if (kind === 'mps') return { version: 'v1', flags, sharing: { mps: { resources } } };
  const timeSlicing = { failRequestsGreaterThanOne: true, resources };
  return kind === 'time-slicing' ? { version: 'v1', flags, sharing: { timeSlicing } } : undefined;
}

/** The data of the ConfigMap: one key for each name that a pool or a node asks for, and always the one without sharing. */
export function pluginConfigs(names: Iterable<string>): Readonly<Record<string, string>> {
  const data: Record<string, string> = {};
  for (const name of [...new Set([EXCLUSIVE, ...names])].sort()) {
    const config = pluginConfig(name);
    if (config !== undefined) data[name] = stringify(config);
  }
  return data;
}
