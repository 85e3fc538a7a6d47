import type { GPUPoolSpec, MIGSharing } from '../../api/index.ts';
import { findMigModel, type MigModel, parseMigProfile, placeLayout, profileShape } from '../mig/index.ts';
import type { NodeGpus } from '../nvidia/node-gpus.ts';
import { currentOffer, type Geometry, type GpuCut, offerOf, sameOffer } from './geometry.ts';
import { ALL_DISABLED, isStock, layoutName, stockLayout } from './layouts.ts';
import { pluginConfigName } from './plugin-configs.ts';

/** What is known of a node's GPUs beside what it advertises. */
export interface NodeCuts {
  readonly gpus: NodeGpus;
  /** Memory of a GPU in MiB as the node's labels say. */
  readonly memoryMiB?: number;
  /** Whether the node says that its GPUs can be cut. */
  readonly migCapable: boolean;
  /** Value of `nvidia.com/mig.config`. */
  readonly mig?: string;
  /** Value of `nvidia.com/device-plugin.config`. */
  readonly plugin?: string;
  /** The layout that the last change of this operator left behind. */
  readonly remembered?: readonly GpuCut[];
}

/** What a node should become: unchanged, another geometry, or nothing that its GPUs can do. */
export type Desired =
  | { readonly kind: 'AsIs' }
  | { readonly kind: 'Change'; readonly target: Geometry }
  | { readonly kind: 'Impossible'; readonly why: string };

/** The node's GPUs as they are shared now. The layout is absent where MIG devices exist and nobody knows on which GPU. */
export function currentGeometry(node: NodeCuts): Geometry {
  const offer = currentOffer(node.gpus);
  const { strategy, replicas } = offer;
  const { mig, plugin } = node;
  const labels = { ...(mig !== undefined && { mig }), ...(plugin !== undefined && { plugin }) };
  const layout = currentLayout(node);
  if (layout === undefined) return { gpus: node.gpus.physical, strategy, replicas, offer, ...labels };
  return { gpus: layout.length, strategy, replicas, layout, ...labels };
}

function currentLayout(node: NodeCuts): readonly GpuCut[] | undefined {
  const { gpus, mig, remembered } = node;
  const offer = currentOffer(gpus);
  const stock = mig === undefined ? undefined : stockLayout(modelOf(node), mig, gpus.physical);
  const whole = Array.from({ length: gpus.physical }, () => ({}));
  const candidates = [remembered, stock, whole].filter((layout) => layout !== undefined);
  return candidates.find((layout) =>
    sameOffer(offerOf({ gpus: layout.length, strategy: offer.strategy, replicas: offer.replicas, layout }), offer),
  );
}

/** What `spec.sharing` makes of the node. A node that advertises it already is left alone, whatever its labels. */
export function desired(sharing: GPUPoolSpec['sharing'], node: NodeCuts): Desired {
  if (sharing === undefined || sharing.type === 'DRA' || node.gpus.physical === 0) return { kind: 'AsIs' };
  if (sharing.type === 'MIG') return sharing.mig === undefined ? { kind: 'AsIs' } : desiredCut(sharing.mig, node);
  if (sharing.type === 'Exclusive') return changeTo(node, geometryOf(node, { strategy: 'None', replicas: 1 }));
  const replicas = sharing.type === 'MPS' ? sharing.mps.replicas : sharing.timeSlicing.replicas;
  return changeTo(node, geometryOf(node, { strategy: sharing.type, replicas }));
}

function desiredCut(mig: MIGSharing, node: NodeCuts): Desired {
  if (mig.type === 'Dynamic') return { kind: 'AsIs' };
  const model = modelOf(node);
  if (model === undefined || !node.migCapable) {
    return { kind: 'Impossible', why: `${node.gpus.model} cannot be cut by MIG` };
  }
  const layout: GpuCut[] = [];
  for (const { gpus, devices } of mig.static.layouts) {
    const cut = Object.fromEntries(devices.map(({ profile, count }) => [profile, count]));
    const why = impossible(model, cut);
    if (why !== undefined) return { kind: 'Impossible', why };
    for (let gpu = 0; gpu < gpus; gpu++) layout.push(cut);
  }
  const { physical } = node.gpus;
  if (layout.length > physical) {
    return { kind: 'Impossible', why: `the layouts are for ${layout.length} GPUs and the node has ${physical}` };
  }
  while (layout.length < physical) layout.push({});
  return changeTo(node, migGeometry(node, layout));
}

/** Why one GPU cannot be cut so; undefined when it can. Where placements are unknown, profiles and counts must be NVIDIA's. */
function impossible(model: MigModel, cut: GpuCut): string | undefined {
  for (const [name, count] of Object.entries(cut)) {
    const profile = parseMigProfile(name);
    const shape = profile === undefined ? undefined : profileShape(model, profile);
    if (shape === undefined) return `${model.name} has no profile ${name}`;
    if (count > shape.max) return `${count} × ${name} do not fit on one ${model.name}, which takes ${shape.max}`;
  }
  if (!model.geometry.placementsKnown || placeLayout(model, cut) !== undefined) return undefined;
  const devices = Object.entries(cut).map(([name, count]) => `${count} × ${name}`);
  return `${devices.join(' and ')} do not fit on one ${model.name} together`;
}

function changeTo(node: NodeCuts, target: Geometry): Desired {
  const asIs = !isWell(node) || sameOffer(currentOffer(node.gpus), offerOf(target));
  return asIs ? { kind: 'AsIs' } : { kind: 'Change', target };
}

/** Whether the device plugin is there and hands out all GPUs; otherwise what is advertised says nothing about the sharing. */
export function isWell({ gpus }: Pick<NodeCuts, 'gpus'>): boolean {
  return gpus.withdrawn === 0 && gpus.resources.some(({ count }) => count > 0);
}

/** The geometry of a node whose GPUs are cut so. */
export function migGeometry(node: NodeCuts, layout: readonly GpuCut[]): Geometry {
  const exclusive = { strategy: 'None', replicas: 1 } as const;
  const plugin = isShared(node) ? pluginConfigName(exclusive) : node.plugin;
  return {
    gpus: layout.length,
    ...exclusive,
    layout,
    mig: layoutName(modelOf(node), layout),
    ...(plugin !== undefined && { plugin }),
  };
}

function geometryOf(node: NodeCuts, { strategy, replicas }: Pick<Geometry, 'strategy' | 'replicas'>): Geometry {
  const cut = node.gpus.slices.length > 0;
  const plugin = strategy !== 'None' || isShared(node) ? pluginConfigName({ strategy, replicas }) : node.plugin;
  return {
    gpus: node.gpus.physical,
    strategy,
    replicas,
    layout: Array.from({ length: node.gpus.physical }, () => ({})),
    ...(cut ? { mig: ALL_DISABLED } : node.mig !== undefined && { mig: node.mig }),
    ...(plugin !== undefined && { plugin }),
  };
}

function isShared({ gpus }: NodeCuts): boolean {
  return currentOffer(gpus).strategy !== 'None';
}

/** The model of the node's GPUs, where it is one that MIG can cut. */
export function modelOf({ gpus, memoryMiB }: Pick<NodeCuts, 'gpus' | 'memoryMiB'>): MigModel | undefined {
  return findMigModel(gpus.model, memoryMiB);
}

/** What a geometry needs of NVIDIA's configuration: our layouts, our plugin configurations, or nothing. */
export function needs(from: Geometry, target: Geometry): { readonly layouts: boolean; readonly plugin: boolean } {
  return {
    layouts: target.mig !== undefined && target.mig !== from.mig && !isStock(target.mig),
    plugin: target.plugin !== undefined && target.plugin !== from.plugin,
  };
}
