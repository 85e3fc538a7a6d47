import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { type MigModel, parseMigProfile, profileNames, profileShape } from '../mig/index.ts';
import { type GpuCut, isWhole, sameCut } from './geometry.ts';

/** ConfigMap of mig-parted layouts that ClusterPolicy must name in `spec.migManager.config.name`. */
export const LAYOUTS_CONFIG_MAP = 'gpuoptimizer-mig-layouts';
/** The key that mig-manager mounts. */
export const LAYOUTS_KEY = 'config.yaml';
/** NVIDIA's own layout without MIG, which is also ClusterPolicy's default. */
export const ALL_DISABLED = 'all-disabled';

type Layout = readonly GpuCut[];

/** One entry of a layout, as mig-parted reads it [mig-parted api/spec/v1]. */
interface PartedEntry {
  readonly devices: 'all' | readonly number[];
  readonly 'mig-enabled': boolean;
  readonly 'mig-devices'?: Readonly<Record<string, number>>;
}

/** NVIDIA's own layouts for a model, by name: they exist wherever mig-manager runs. */
export function stockLayouts(model: MigModel): ReadonlyMap<string, GpuCut> {
  const stock = new Map<string, GpuCut>([[ALL_DISABLED, {}]]);
  for (const name of profileNames(model)) {
    const profile = parseMigProfile(name);
    const shape = profile === undefined ? undefined : profileShape(model, profile);
    if (shape !== undefined) stock.set(`all-${name.replace('+', '.')}`, { [name]: shape.max });
  }
  const [one, two, three] = (['1g', '2g', '3g'] as const).map((size) => nameOf(model, size));
  if (one !== undefined && two !== undefined && three !== undefined) {
    stock.set('all-balanced', { [one]: 2, [two]: 1, [three]: 1 });
  }
  return stock;
}

function nameOf(model: MigModel, size: '1g' | '2g' | '3g'): string | undefined {
  const memoryGb = model.gb[size];
  return memoryGb === undefined ? undefined : `${size}.${memoryGb}gb`;
}

/** The name of a layout: NVIDIA's own where it has one, else `gpo-` and a hash of what it says. */
export function layoutName(model: MigModel | undefined, layout: Layout): string {
  const [first = {}] = layout;
  if (layout.every(isWhole)) return ALL_DISABLED;
  if (model !== undefined && layout.every((cut) => sameCut(cut, first))) {
    for (const [name, cut] of stockLayouts(model)) if (sameCut(cut, first)) return name;
  }
  return `gpo-${createHash('sha256')
    .update(JSON.stringify(entriesOf(layout)))
    .digest('hex')
    .slice(0, 8)}`;
}

/** Whether a layout is NVIDIA's own, so that mig-manager knows it without our ConfigMap. */
export function isStock(name: string): boolean {
  return name.startsWith('all-');
}

/** The cut of each GPU under one of NVIDIA's own layouts; undefined for a name that is none of this model. */
export function stockLayout(model: MigModel | undefined, name: string, gpus: number): Layout | undefined {
  if (name === ALL_DISABLED) return Array.from({ length: gpus }, () => ({}));
  const cut = model === undefined ? undefined : stockLayouts(model).get(name);
  return cut === undefined ? undefined : Array.from({ length: gpus }, () => cut);
}

/** The file `config.yaml` of these layouts by name, as mig-parted reads it: names sorted, unknown keys are errors there. */
export function layoutsFile(layouts: ReadonlyMap<string, Layout>): string {
  const configs = [...layouts].sort(([left], [right]) => (left < right ? -1 : 1));
  const text = stringify({
    version: 'v1',
    'mig-configs': Object.fromEntries(configs.map(([name, layout]) => [name, entriesOf(layout)])),
  });
  return `# written by GPU Optimizer; changes are overwritten\n${text}`;
}

function entriesOf(layout: Layout): readonly PartedEntry[] {
  const [first = {}] = layout;
  if (layout.every((cut) => sameCut(cut, first))) return [entry('all', first)];
  const groups: { readonly cut: GpuCut; readonly devices: number[] }[] = [];
  for (const [index, cut] of layout.entries()) {
    const group = groups.find((known) => sameCut(known.cut, cut));
    if (group === undefined) groups.push({ cut, devices: [index] });
    else group.devices.push(index);
  }
  return groups.map(({ cut, devices }) => entry(devices, cut));
}

function entry(devices: PartedEntry['devices'], cut: GpuCut): PartedEntry {
  if (isWhole(cut)) return { devices, 'mig-enabled': false };
  const profiles = Object.entries(cut).filter(([, count]) => count > 0);
  return {
    devices,
    'mig-enabled': true,
    'mig-devices': Object.fromEntries(profiles.sort(([left], [right]) => (left < right ? -1 : 1))),
  };
}
