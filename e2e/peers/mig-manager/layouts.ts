import { parse } from 'yaml';
import type { Cut } from '../device-plugin/hardware.ts';

interface Entry {
  readonly devices: 'all' | readonly number[];
  readonly 'mig-enabled': boolean;
  readonly 'mig-devices'?: Cut;
}

interface LayoutFile {
  readonly version?: string;
  readonly 'mig-configs'?: Readonly<Record<string, readonly Entry[]>>;
}

/** NVIDIA's own file, as far as an H100 with 80 GB goes; mig-manager falls back to it where ClusterPolicy names none. */
export const STOCK_FILE = `
version: v1
mig-configs:
  all-disabled: [{devices: all, mig-enabled: false}]
  all-1g.10gb: [{devices: all, mig-enabled: true, mig-devices: {1g.10gb: 7}}]
  all-1g.20gb: [{devices: all, mig-enabled: true, mig-devices: {1g.20gb: 4}}]
  all-2g.20gb: [{devices: all, mig-enabled: true, mig-devices: {2g.20gb: 3}}]
  all-3g.40gb: [{devices: all, mig-enabled: true, mig-devices: {3g.40gb: 2}}]
  all-4g.40gb: [{devices: all, mig-enabled: true, mig-devices: {4g.40gb: 1}}]
  all-7g.80gb: [{devices: all, mig-enabled: true, mig-devices: {7g.80gb: 1}}]
  all-balanced: [{devices: all, mig-enabled: true, mig-devices: {1g.10gb: 2, 2g.20gb: 1, 3g.40gb: 1}}]
`;

/**
 * The GPUs after a layout of the file was applied; GPUs that it does not name stay as they are. Undefined for a name that
 * the file does not have, or a file with keys that mig-parted refuses.
 */
export function applyLayout(file: string, name: string, gpus: readonly Cut[]): readonly Cut[] | undefined {
  const content: LayoutFile | null = parse(file);
  const strange = Object.keys(content ?? {}).some((key) => key !== 'version' && key !== 'mig-configs');
  const entries = content?.['mig-configs']?.[name];
  if (strange || content?.version !== 'v1' || entries === undefined) return undefined;
  return gpus.map((cut, index) => {
    const entry = entries.find(({ devices }) => devices === 'all' || devices.includes(index));
    if (entry === undefined) return cut;
    return entry['mig-enabled'] ? (entry['mig-devices'] ?? {}) : {};
  });
}

/** Whether two nodes' GPUs are cut alike. */
export function sameGpus(left: readonly Cut[], right: readonly Cut[]): boolean {
  const text = (gpus: readonly Cut[]): string =>
    JSON.stringify(gpus.map((cut) => Object.entries(cut).sort(([one], [other]) => (one < other ? -1 : 1))));
  return text(left) === text(right);
}
