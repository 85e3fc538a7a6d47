import type { GPUPoolSpec } from '../../api/index.ts';
import type { PolicyFacts, World } from '../world.ts';
import { needs } from './desired.ts';
import type { Geometry } from './geometry.ts';
import { LAYOUTS_CONFIG_MAP } from './layouts.ts';
import { PLUGIN_CONFIG_MAP } from './plugin-configs.ts';

/** Where and by what means the sharing of nodes can be changed. */
export interface Site {
  readonly world: World;
  /** ClusterPolicy and GPUCluster are both there, which NVIDIA does not support. */
  readonly mixed: boolean;
  readonly policy?: PolicyFacts;
  /** Where NVIDIA's components run and read their configuration; undefined where none runs. */
  readonly namespace?: string;
}

/** What keeps sharing from being configured, and what to do about it. */
export interface Obstacle {
  readonly reason:
    | 'WorldsMixed'
    | 'WorldReadOnly'
    | 'ClusterPolicyNotFound'
    | 'OperandsNotFound'
    | 'MixedStrategyNeeded'
    | 'LayoutsNotMounted'
    | 'PluginConfigNotMounted';
  readonly message: string;
}

/** Both of NVIDIA's stacks at once. */
export const WORLDS_MIXED: Obstacle = {
  reason: 'WorldsMixed',
  message:
    'ClusterPolicy and GPUCluster are both installed, which NVIDIA does not support; nothing is written until one of them is deleted.',
};
const readOnly: Obstacle = {
  reason: 'WorldReadOnly',
  message:
    "The nodes are not run by the device plugin of NVIDIA's GPU Operator, so their sharing is read and never changed.",
};
const noPolicy: Obstacle = {
  reason: 'ClusterPolicyNotFound',
  message:
    "There is no ClusterPolicy cluster-policy, which says where NVIDIA's components read their configuration; install the GPU Operator, or name its ClusterPolicy so.",
};
const noOperands: Obstacle = {
  reason: 'OperandsNotFound',
  message:
    "No pod of NVIDIA's device plugin (label app=nvidia-device-plugin-daemonset) runs, so the namespace for the configuration is not known.",
};
const notMixed: Obstacle = {
  reason: 'MixedStrategyNeeded',
  message: patchText(
    'MIG devices can only be told apart under the MIG strategy mixed',
    '{"spec":{"mig":{"strategy":"mixed"}}}',
  ),
};
const layoutsNotMounted: Obstacle = {
  reason: 'LayoutsNotMounted',
  message: patchText(
    `mig-manager does not read the ConfigMap ${LAYOUTS_CONFIG_MAP}, so only NVIDIA's own all-* layouts are used`,
    `{"spec":{"migManager":{"config":{"name":"${LAYOUTS_CONFIG_MAP}","default":"all-disabled"}}}}`,
  ),
};
const pluginNotMounted: Obstacle = {
  reason: 'PluginConfigNotMounted',
  message: patchText(
    `the device plugin does not read the ConfigMap ${PLUGIN_CONFIG_MAP}, so time-slicing and MPS are not changed`,
    `{"spec":{"devicePlugin":{"config":{"name":"${PLUGIN_CONFIG_MAP}","default":"gpo-exclusive"}}}}`,
  ),
};

function patchText(what: string, patch: string): string {
  return `${what[0]?.toUpperCase()}${what.slice(1)}; run: kubectl patch clusterpolicy cluster-policy --type=merge -p '${patch}'`;
}

/** What stands in the way of every change on this site. */
function siteObstacle({ mixed, world, policy, namespace }: Site): Obstacle | undefined {
  if (mixed) return WORLDS_MIXED;
  if (world !== 'DevicePlugin') return readOnly;
  if (policy === undefined) return noPolicy;
  return namespace === undefined ? noOperands : undefined;
}

/** What an admin has to do before everything that the pool asks for can be done. */
export function poolObstacle(spec: Pick<GPUPoolSpec, 'sharing' | 'reconfiguration'>, site: Site): Obstacle | undefined {
  const { sharing, reconfiguration } = spec;
  if (sharing === undefined || reconfiguration === undefined) return undefined;
  if (sharing.type === 'MIG' && sharing.mig === undefined) return undefined;
  const general = siteObstacle(site);
  if (general !== undefined) return general;
  if (sharing.type === 'MIG') {
    if (site.policy?.strategy !== 'mixed') return notMixed;
    return site.policy.layouts === LAYOUTS_CONFIG_MAP ? undefined : layoutsNotMounted;
  }
  if (sharing.type === 'Exclusive') return undefined;
  return site.policy?.plugin === PLUGIN_CONFIG_MAP ? undefined : pluginNotMounted;
}

/** What stands in the way of this one change. */
export function changeObstacle(from: Geometry, target: Geometry, site: Site): Obstacle | undefined {
  const general = siteObstacle(site);
  if (general !== undefined) return general;
  const { layouts, plugin } = needs(from, target);
  const cuts = (target.layout ?? []).some((cut) => Object.keys(cut).length > 0);
  if (cuts && site.policy?.strategy !== 'mixed') return notMixed;
  if (layouts && site.policy?.layouts !== LAYOUTS_CONFIG_MAP) return layoutsNotMounted;
  return plugin && site.policy?.plugin !== PLUGIN_CONFIG_MAP ? pluginNotMounted : undefined;
}
