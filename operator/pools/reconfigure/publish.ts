import type { GPUPool } from '../../api/index.ts';
import { ConfigMap } from '../../kube/index.ts';
import type { Context } from '../../runtime/index.ts';
import { modelOf } from '../sharing/desired.ts';
import type { Geometry, GpuCut } from '../sharing/geometry.ts';
import { LAYOUTS_CONFIG_MAP, LAYOUTS_KEY, layoutName, layoutsFile, stockLayouts } from '../sharing/layouts.ts';
import { PLUGIN_CONFIG_MAP, pluginConfigName, pluginConfigs } from '../sharing/plugin-configs.ts';
import type { ChangeFacts } from './observe.ts';

/** The data of our ConfigMaps by their name. */
export type Published = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * What NVIDIA's components must be able to read: every layout and configuration that a pool wants or a node has, and
 * NVIDIA's own layouts, which are not there by themselves once ClusterPolicy names our ConfigMap.
 */
export function published(
  pools: readonly GPUPool[],
  nodes: readonly ChangeFacts[],
  targets: readonly Geometry[],
): Published {
  const layouts = new Map<string, readonly GpuCut[]>([['all-disabled', [{}]]]);
  const plugins = new Set<string>();
  const add = ({ mig, layout, plugin }: Geometry): void => {
    if (mig !== undefined && layout !== undefined) layouts.set(mig, layout);
    if (plugin !== undefined) plugins.add(plugin);
  };
  for (const { cuts, operation, record } of nodes) {
    const model = modelOf(cuts);
    if (model !== undefined) for (const [name, cut] of stockLayouts(model)) layouts.set(name, [cut]);
    if (record.layout !== undefined) layouts.set(layoutName(model, record.layout), record.layout);
    if (cuts.plugin !== undefined) plugins.add(cuts.plugin);
    if (operation === undefined || operation === 'Unreadable') continue;
    for (const geometry of [operation.target, operation.previous]) add(geometry);
  }
  for (const target of targets) add(target);
  for (const { spec } of pools) for (const name of pluginNames(spec.sharing)) plugins.add(name);
  return {
    [LAYOUTS_CONFIG_MAP]: { [LAYOUTS_KEY]: layoutsFile(layouts) },
    [PLUGIN_CONFIG_MAP]: pluginConfigs(plugins),
  };
}

function pluginNames(sharing: GPUPool['spec']['sharing']): readonly string[] {
  if (sharing?.type === 'TimeSlicing') {
    return [pluginConfigName({ strategy: 'TimeSlicing', replicas: sharing.timeSlicing.replicas })];
  }
  return sharing?.type === 'MPS' ? [pluginConfigName({ strategy: 'MPS', replicas: sharing.mps.replicas })] : [];
}

/** Writes the ConfigMaps that differ. They are read anew each time: there are two, and nothing else is read of their namespace. */
export async function publish(
  wanted: Published,
  namespace: string,
  ctx: Pick<Context, 'live' | 'apply'>,
): Promise<void> {
  for (const [name, data] of Object.entries(wanted)) {
    const found = await ctx.live.get(ConfigMap, { namespace, name });
    if (holds(found?.data ?? {}, data)) continue;
    await ctx.apply(ConfigMap, { metadata: { namespace, name }, data }, { owner: 'none' });
  }
}

/** Whether all is there and nothing of ours is left over; keys that somebody else added are his. */
function holds(found: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  const leftOver = Object.keys(found).some((key) => key.startsWith('gpo-') && wanted[key] === undefined);
  return !leftOver && Object.entries(wanted).every(([key, value]) => found[key] === value);
}
