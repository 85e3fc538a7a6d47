import { parse } from 'yaml';
import type { Cut } from './hardware.ts';

/** How the plugin shares GPUs. */
export interface PluginConfig {
  readonly strategy: 'none' | 'time-slicing' | 'mps';
  readonly replicas: number;
}

interface SharingFile {
  readonly sharing?: Readonly<Record<string, { readonly resources?: readonly { readonly replicas?: number }[] }>>;
}

/** Reads a configuration file of the device plugin [k8s-device-plugin api/config/v1]; without one GPUs are not shared. */
export function readPluginConfig(file: string | undefined): PluginConfig {
  const { sharing = {} }: SharingFile = file === undefined ? {} : parse(file);
  for (const [key, strategy] of [
    ['timeSlicing', 'time-slicing'],
    ['mps', 'mps'],
  ] as const) {
    const replicas = sharing[key]?.resources?.[0]?.replicas;
    if (replicas !== undefined) return { strategy, replicas };
  }
  return { strategy: 'none', replicas: 1 };
}

/** Devices by resource under the MIG strategy `mixed`. */
export function resourcesOf(gpus: readonly Cut[], { replicas }: PluginConfig): Readonly<Record<string, number>> {
  const resources: Record<string, number> = { 'nvidia.com/gpu': 0 };
  for (const cut of gpus) {
    const devices = Object.entries(cut);
    if (devices.length === 0) resources['nvidia.com/gpu'] = (resources['nvidia.com/gpu'] ?? 0) + replicas;
    for (const [profile, count] of devices) {
      const name = `nvidia.com/mig-${profile.replace('+', '.')}`;
      resources[name] = (resources[name] ?? 0) + count;
    }
  }
  return resources;
}

/** The labels of GPU Feature Discovery that speak of sharing; null takes away what no longer holds. */
export function featureLabels(
  gpus: readonly Cut[],
  config: PluginConfig,
  product: string,
  known: Readonly<Record<string, string>>,
): Readonly<Record<string, string | null>> {
  const labels: Record<string, string | null> = {};
  for (const key of Object.keys(known)) if (/^nvidia\.com\/mig-.+\.count$/.test(key)) labels[key] = null;
  for (const [name, count] of Object.entries(resourcesOf(gpus, config))) {
    if (name.startsWith('nvidia.com/mig-')) labels[`${name}.count`] = String(count);
  }
  const plain = product.replace(/-SHARED$/, '');
  return {
    ...labels,
    'nvidia.com/gpu.product': config.replicas > 1 ? `${plain}-SHARED` : plain,
    'nvidia.com/gpu.count': String(gpus.length),
    'nvidia.com/gpu.replicas': String(config.replicas),
    'nvidia.com/gpu.sharing-strategy': config.strategy,
  };
}
