import type { Sample, Series } from '../../observability/index.ts';
import type { Telemetry } from './collect.ts';
import { type MetricKey, metricKeys } from './metric-names.ts';

/** One GPU, or one MIG instance of it, as a pod's series show it. */
export interface Device {
  readonly uuid: string;
  /** The MIG instance, when the series is its own. */
  readonly instance?: { readonly id: string; readonly profile: string };
  readonly samples: Readonly<Partial<Record<MetricKey, readonly Sample[]>>>;
  /** Metrics of which two series run at the same time. */
  readonly doubled: readonly MetricKey[];
  /** Other pods of the namespace with series of the same whole GPU. */
  readonly sharedWith: readonly string[];
}

/** The devices of every pod of the namespace, by pod name. */
export function devicesByPod(telemetry: Telemetry): ReadonlyMap<string, readonly Device[]> {
  const drafts = new Map<string, Draft>();
  for (const key of metricKeys) {
    for (const series of telemetry.series[key]) addTo(drafts, key, series, telemetry.form);
  }
  const holders = Map.groupBy(
    [...drafts.values()].filter(({ instance }) => instance === undefined),
    ({ uuid }) => uuid,
  );
  const devices = [...drafts.values()].map((draft) => ({
    pod: draft.pod,
    device: finish(
      draft,
      (holders.get(draft.uuid) ?? []).map(({ pod }) => pod),
    ),
  }));
  return new Map(
    [...Map.groupBy(devices, ({ pod }) => pod)].map(([pod, rows]) => [pod, rows.map(({ device }) => device)]),
  );
}

interface Draft {
  readonly pod: string;
  readonly uuid: string;
  readonly instance?: { readonly id: string; readonly profile: string };
  readonly parts: Map<MetricKey, Series[]>;
}

function addTo(drafts: Map<string, Draft>, key: MetricKey, series: Series, form: Telemetry['form']): void {
  const { labels } = series;
  const pod = form === 'namespace' ? labels.pod : labels.exported_pod;
  const uuid = labels.UUID;
  if (!pod || !uuid || series.samples.length === 0) return;
  const id = labels.GPU_I_ID;
  const identity = JSON.stringify([pod, uuid, id ?? '']);
  const draft = drafts.get(identity) ?? {
    pod,
    uuid,
    ...(id ? { instance: { id, profile: labels.GPU_I_PROFILE ?? '' } } : {}),
    parts: new Map<MetricKey, Series[]>(),
  };
  drafts.set(identity, draft);
  draft.parts.set(key, [...(draft.parts.get(key) ?? []), series]);
}

function finish(draft: Draft, holders: readonly string[]): Device {
  const parts = [...draft.parts];
  return {
    uuid: draft.uuid,
    ...(draft.instance === undefined ? {} : { instance: draft.instance }),
    samples: Object.fromEntries(parts.map(([key, series]) => [key, joined(series)])),
    doubled: parts.filter(([, series]) => overlap(series)).map(([key]) => key),
    sharedWith: draft.instance === undefined ? [...new Set(holders)].filter((pod) => pod !== draft.pod) : [],
  };
}

/** A restarted exporter begins a new series with another `instance` label: one after the other is one device's history. */
function joined(series: readonly Series[]): readonly Sample[] {
  return series.flatMap(({ samples }) => samples).toSorted((a, b) => a.at - b.at);
}

function overlap(series: readonly Series[]): boolean {
  const spans = series
    .map(({ samples }) => ({ from: samples[0]?.at ?? 0, to: samples.at(-1)?.at ?? 0 }))
    .toSorted((a, b) => a.from - b.from);
  return spans.some((span, index) => {
    const before = spans[index - 1];
    return before !== undefined && span.from < before.to;
  });
}
