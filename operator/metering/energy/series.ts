import type { Series } from '../../observability/index.ts';
import { drawnIn, type Reading } from './counter.ts';

/** NVIDIA's counter of millijoules since the driver was loaded, of the whole GPU also where a MIG instance is named. */
export const energyMetric = 'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION';

/** What a GPU drew over a span; times in milliseconds since 1970. */
export interface EnergySample {
  /** The GPU's UUID. */
  readonly gpu: string;
  readonly node: string;
  readonly from: number;
  readonly to: number;
  readonly millijoules: bigint;
  /** Pods that the exporter saw on it in that time, `namespace/name`, sorted; empty where it saw none or does not look. */
  readonly pods: readonly string[];
}

/**
 * Energy of each GPU in [from, to). A GPU has several series: one for each pod that held it in turn, one for each MIG
 * instance; all show the one counter. A series without the GPU's UUID or its node says nothing.
 */
export function samplesOf(series: readonly Series[], from: number, to: number): readonly EnergySample[] {
  const named = series.filter(({ labels }) => Boolean(labels.UUID) && nodeOf(labels) !== '');
  return [...Map.groupBy(named, ({ labels }) => labels.UUID ?? '')]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([gpu, members]) => {
      const node = members.map(({ labels }) => nodeOf(labels)).toSorted()[0] ?? '';
      const pods = podsOf(members, from, to);
      return drawnIn(readingsOf(members), from, to).map((drawn) => ({ gpu, node, pods, ...drawn }));
    });
}

/** Readings of all series in the order of time; two at one moment show the same, or one was read an instant later. */
function readingsOf(members: readonly Series[]): readonly Reading[] {
  const values = new Map<number, number>();
  for (const { at, value } of members.flatMap(({ samples }) => samples)) {
    if (Number.isFinite(value) && value >= 0) values.set(at, Math.max(values.get(at) ?? 0, value));
  }
  return [...values]
    .toSorted(([a], [b]) => a - b)
    .map(([at, value]) => ({ at, millijoules: BigInt(Math.round(value)) }));
}

function podsOf(members: readonly Series[], from: number, to: number): readonly string[] {
  const seen = members.filter(({ samples }) => samples.some(({ at }) => at >= from && at < to));
  const pods = seen.flatMap(({ labels }) => {
    // Prometheus renames the exporter's labels where it does not honour them, and then `pod` is the exporter's own.
    const honoured = labels.exported_pod === undefined;
    const pod = honoured ? labels.pod : labels.exported_pod;
    const namespace = honoured ? labels.namespace : labels.exported_namespace;
    return pod ? [`${namespace}/${pod}`] : [];
  });
  return [...new Set(pods)].toSorted();
}

/** `Hostname` until dcgm-exporter 4, `hostname` from then on; `node` where Prometheus puts it there. */
function nodeOf(labels: Series['labels']): string {
  return labels.Hostname ?? labels.hostname ?? labels.node ?? '';
}
