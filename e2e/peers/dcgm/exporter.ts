import { Assignment } from './assign.ts';
import type { CounterKey } from './counters.ts';
import { type Device, devicesOf } from './devices.ts';
import type { Series } from './exposition.ts';
import type { FaultMode } from './faults.ts';
import { type GpuModel, modelOf } from './gpu-models.ts';
import { type Reading, readingOf } from './load-model.ts';
import type { PodFacts, World } from './world.ts';

/** Watches over the devices of a fleet as DCGM's host engines do: collects once a second, keeps energy counters. */
export class Exporter {
  readonly #seed: string;
  readonly #assignment = new Assignment();
  /** Millijoules by GPU UUID: the counter belongs to the physical GPU. */
  readonly #energy = new Map<string, number>();
  #frozen = new Map<string, Reading>();
  #series: readonly Series[] = [];
  #at: number | undefined;
  fault: FaultMode = 'none';

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** What a scrape gets. */
  get series(): readonly Series[] {
    return this.#series;
  }

  /** Collects the fleet's values at a moment, milliseconds since 1970. */
  collect(world: World, now: number): void {
    if (this.fault === 'stale') return;
    const nodes = world.nodes.map((node) => ({
      node,
      model: modelOf(node.labels['nvidia.com/gpu.product'] ?? ''),
      devices: devicesOf(node),
    }));
    const holders = this.#assignment.update(
      nodes.flatMap(({ devices }) => devices),
      world.pods,
    );
    const elapsed = this.#at === undefined ? 0 : Math.max(0, now - this.#at);
    this.#at = now;
    const rows = nodes.flatMap(({ model, node, devices }) =>
      devices.map((device) => {
        const pods = holders.get(device) ?? [];
        const reading = this.#distort(device, this.#read(device, model, pods, devices, now));
        return { device, model, reading, pods, driver: node.labels['nvidia.com/cuda.driver-version.full'] ?? '' };
      }),
    );
    this.#spend(rows, elapsed);
    const series = rows.map(({ device, model, reading, pods, driver }) =>
      seriesOf(device, model, driver, { ...reading, energy: this.#energy.get(device.uuid) ?? 0 }, pods),
    );
    this.#series = this.fault === 'duplicate' ? [...series, ...series.map(secondExporter)] : series;
  }

  #read(device: Device, model: GpuModel, pods: readonly PodFacts[], all: readonly Device[], now: number): Reading {
    const siblings = all.filter(({ index }) => index === device.index).length;
    return readingOf({
      model,
      loads: pods.map(({ load }) => load),
      device: `${device.uuid}/${device.instance?.id ?? ''}`,
      seed: this.#seed,
      second: Math.floor(now / 1000),
      memoryShare: device.instance === undefined ? 1 : 1 / siblings,
    });
  }

  #distort(device: Device, reading: Reading): Reading {
    const key = `${device.uuid}/${device.instance?.id ?? ''}`;
    if (this.fault === 'contradicts-power') return { ...reading, engine: 0, util: 0, tensor: 0, dram: 0 };
    if (this.fault !== 'frozen') {
      this.#frozen.set(key, reading);
      return reading;
    }
    const { engine, util, tensor, dram } = this.#frozen.get(key) ?? reading;
    return { ...reading, engine, util, tensor, dram };
  }

  /** Adds watts × milliseconds = millijoules once a GPU; of its MIG instances the greatest reading stands for it. */
  #spend(rows: readonly { readonly device: Device; readonly reading: Reading }[], elapsed: number): void {
    for (const [uuid, instances] of Map.groupBy(rows, ({ device }) => device.uuid)) {
      const watts = Math.max(...instances.map(({ reading }) => reading.power));
      const before = this.#energy.get(uuid) ?? Number.parseInt(uuid.slice(4, 12), 16);
      this.#energy.set(uuid, before + Math.round(watts * elapsed));
    }
  }
}

/** Labels in dcgm-exporter's order (`internal/pkg/rendermetrics/render_metrics.go`). Of several pods the last one wins, as there. */
function seriesOf(
  device: Device,
  { modelName }: GpuModel,
  driver: string,
  values: Readonly<Record<CounterKey, number>>,
  pods: readonly PodFacts[],
): Series {
  const pod = pods.at(-1);
  return {
    labels: {
      gpu: String(device.index),
      UUID: device.uuid,
      pci_bus_id: `00000000:${(device.index * 16 + 24).toString(16).toUpperCase().padStart(2, '0')}:00.0`,
      device: `nvidia${device.index}`,
      modelName,
      ...(device.instance === undefined
        ? {}
        : { GPU_I_PROFILE: device.instance.profile, GPU_I_ID: String(device.instance.id) }),
      hostname: device.node,
      DCGM_FI_DRIVER_VERSION: driver,
      ...(pod === undefined ? {} : { container: pod.container, namespace: pod.namespace, pod: pod.name }),
    },
    values,
  };
}

function secondExporter({ labels, values }: Series): Series {
  return { labels: { ...labels, hostname: `${labels.hostname}.second` }, values };
}
