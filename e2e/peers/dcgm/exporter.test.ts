import { describe, expect, it } from 'vitest';

import { Exporter } from './exporter.ts';
import { exposition } from './exposition.ts';
import type { FaultMode } from './faults.ts';
import { type DcgmPeer, startDcgmPeer } from './server.ts';
import { type Load, loadOf, type PodFacts, type World } from './world.ts';

const start = Date.parse('2026-08-01T12:00:00Z');

const pod = (name: string, load: Load, devices = 1, node = 'h1', resource = 'nvidia.com/gpu'): PodFacts => ({
  uid: `uid-${name}`,
  namespace: 'team',
  name,
  node,
  container: 'main',
  resource,
  devices,
  load,
});

const world = (pods: readonly PodFacts[]): World => ({
  nodes: [
    {
      name: 'h1',
      labels: { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3', 'nvidia.com/gpu.count': '8' },
      capacity: { 'nvidia.com/gpu': '8' },
    },
    {
      name: 'mig',
      labels: { 'nvidia.com/gpu.product': 'NVIDIA-A100-SXM4-80GB', 'nvidia.com/gpu.count': '8' },
      capacity: { 'nvidia.com/mig-1g.10gb': '28', 'nvidia.com/gpu': '4' },
    },
    {
      name: 'sliced',
      labels: {
        'nvidia.com/gpu.product': 'NVIDIA-L4',
        'nvidia.com/gpu.count': '4',
        'nvidia.com/gpu.replicas': '4',
      },
      capacity: { 'nvidia.com/gpu.shared': '16' },
    },
  ],
  pods,
});

function of(exporter: Exporter, name: string) {
  return exporter.series.filter(({ labels }) => labels.pod === name);
}

describe('the fleet of the DCGM peer', () => {
  it('reports every device once: whole GPUs, MIG instances, shared GPUs', () => {
    const exporter = new Exporter('1');
    exporter.collect(world([]), start);
    const count = (node: string) => exporter.series.filter(({ labels }) => labels.hostname === node).length;
    expect([count('h1'), count('mig'), count('sliced')]).toEqual([8, 32, 4]);
    expect(new Set(exporter.series.map(({ labels }) => `${labels.UUID}/${labels.GPU_I_ID}`)).size).toBe(44);
  });

  it('leaves a pod on its GPUs when others come and go', () => {
    const exporter = new Exporter('1');
    exporter.collect(world([pod('a', 0.9, 2), pod('b', 0.9, 3)]), start);
    const before = of(exporter, 'b').map(({ labels }) => labels.UUID);
    exporter.collect(world([pod('b', 0.9, 3), pod('c', 0.9, 5)]), start + 1_000);
    expect(of(exporter, 'b').map(({ labels }) => labels.UUID)).toEqual(before);
    expect(of(exporter, 'c')).toHaveLength(5);
  });

  it('names the profile and the instance of a MIG pod, and one pod of a shared GPU', () => {
    const exporter = new Exporter('1');
    const shared = ['s1', 's2'].map((name) => pod(name, 0.9, 1, 'sliced', 'nvidia.com/gpu.shared'));
    exporter.collect(world([pod('m', 0, 1, 'mig', 'nvidia.com/mig-1g.10gb'), ...shared]), start);
    expect(of(exporter, 'm')[0]?.labels).toMatchObject({ GPU_I_PROFILE: '1g.10gb', GPU_I_ID: '1' });
    expect(of(exporter, 's1').length + of(exporter, 's2').length).toBe(1);
  });

  it('draws power that fits the load, and adds it up', () => {
    const exporter = new Exporter('1');
    const pods = [pod('busy', 0.9), pod('idle', 0)];
    const energy: number[] = [];
    for (let second = 0; second <= 10; second += 1) {
      exporter.collect(world(pods), start + second * 1_000);
      const [busy] = of(exporter, 'busy');
      const [idle] = of(exporter, 'idle');
      expect(busy?.values.engine).toBeGreaterThan(0.8);
      expect(busy?.values.power).toBeGreaterThan(450);
      expect(idle?.values).toMatchObject({ engine: 0, util: 0 });
      expect(Math.abs((idle?.values.power ?? 0) - 115)).toBeLessThan(3);
      energy.push(idle?.values.energy ?? 0);
    }
    expect(energy.every((value, index) => index === 0 || value > (energy[index - 1] ?? 0))).toBe(true);
    expect(Math.round(((energy.at(-1) ?? 0) - (energy[0] ?? 0)) / 10_000)).toBeGreaterThan(110);
  });

  it('lets a bursty pod work and rest', () => {
    const exporter = new Exporter('1');
    const engines = Array.from({ length: 60 }, (_, second) => {
      exporter.collect(world([pod('b', 'bursty')]), start + second * 1_000);
      return of(exporter, 'b')[0]?.values.engine ?? -1;
    });
    expect(engines.filter((value) => value === 0).length).toBeGreaterThanOrEqual(20);
    expect(engines.filter((value) => value > 0.8).length).toBeGreaterThanOrEqual(20);
  });

  it('speaks the layout of dcgm-exporter', () => {
    const exporter = new Exporter('1');
    exporter.collect(world([pod('a', 0)]), start);
    const lines = exposition(exporter.series).split('\n');
    expect(lines).toContain('# HELP DCGM_FI_PROF_GR_ENGINE_ACTIVE Ratio of time the graphics engine is active.');
    expect(lines).toContain('# TYPE DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION counter');
    const line = lines.find((text) => text.startsWith('DCGM_FI_PROF_GR_ENGINE_ACTIVE{') && text.includes('pod="a"'));
    expect(line).toMatch(
      /^DCGM_FI_PROF_GR_ENGINE_ACTIVE\{gpu="0",UUID="GPU-[0-9a-f-]{36}",pci_bus_id="00000000:18:00.0",device="nvidia0",modelName="NVIDIA H100 80GB HBM3",hostname="h1",DCGM_FI_DRIVER_VERSION="",container="main",namespace="team",pod="a"\} 0$/,
    );
  });
});

describe('the load that a pod simulates', () => {
  const word = 'gpuoptimizer.io/simulated-load';
  const percent = 'e2e.gpuoptimizer.io/gpu-utilisation-percent';
  const rows: readonly { name: string; annotations: Record<string, string>; load: Load }[] = [
    { name: 'nothing said', annotations: {}, load: 0.9 },
    { name: 'idle', annotations: { [word]: 'idle' }, load: 0 },
    { name: 'bursty', annotations: { [word]: 'bursty' }, load: 'bursty' },
    { name: 'the word wins over the percentage', annotations: { [word]: 'busy', [percent]: '1' }, load: 0.9 },
    { name: 'an unknown word', annotations: { [word]: 'sleepy' }, load: 0.9 },
    { name: '45 %', annotations: { [percent]: '45' }, load: 0.45 },
    { name: '1 % is the noise of an idle GPU', annotations: { [percent]: '1' }, load: 0 },
    { name: 'no number', annotations: { [percent]: 'much' }, load: 0.9 },
  ];
  for (const { name, annotations, load } of rows) {
    it(`${name}: ${load}`, () => expect(loadOf(annotations)).toBe(load));
  }
});

describe('the faults of the DCGM peer', () => {
  const look = (exporter: Exporter) => of(exporter, 'a')[0]?.values;

  it('stale: nothing moves, the energy counter included', () => {
    const exporter = new Exporter('1');
    exporter.collect(world([pod('a', 0.9)]), start);
    const before = look(exporter);
    exporter.fault = 'stale';
    exporter.collect(world([pod('a', 0.9)]), start + 5_000);
    expect(look(exporter)).toEqual(before);
  });

  it('frozen: activity repeats, energy goes on', () => {
    const exporter = new Exporter('1');
    exporter.collect(world([pod('a', 0.9)]), start);
    const before = look(exporter);
    exporter.fault = 'frozen';
    exporter.collect(world([pod('a', 0.9)]), start + 5_000);
    expect(look(exporter)?.engine).toBe(before?.engine);
    expect(look(exporter)?.energy).toBeGreaterThan(before?.energy ?? 0);
  });

  it('contradicts-power: no activity at the power of work', () => {
    const exporter = new Exporter('1');
    exporter.fault = 'contradicts-power';
    exporter.collect(world([pod('a', 0.9)]), start);
    expect(look(exporter)).toMatchObject({ engine: 0, util: 0 });
    expect(look(exporter)?.power).toBeGreaterThan(450);
  });

  it('duplicate: every GPU twice under different labels', () => {
    const exporter = new Exporter('1');
    exporter.fault = 'duplicate';
    exporter.collect(world([pod('a', 0.9)]), start);
    expect(of(exporter, 'a').map(({ labels }) => labels.hostname)).toEqual(['h1', 'h1.second']);
  });

  it('are switched over HTTP, and missing answers 503', async () => {
    const peer: DcgmPeer = await startDcgmPeer({ read: async () => world([pod('a', 0)]) });
    const fault = (body: string) => fetch(`${peer.url}/_peer/faults`, { method: 'POST', body });
    const scrape = async () => (await fetch(`${peer.url}/metrics`)).status;
    try {
      expect(await scrape()).toBe(200);
      const mode: FaultMode = 'missing';
      expect((await fault(JSON.stringify({ mode }))).status).toBe(200);
      expect(await scrape()).toBe(503);
      expect((await fault('{"mode": "nonsense"}')).status).toBe(400);
      expect((await fault('{"mode": "none"}')).status).toBe(200);
      expect(await scrape()).toBe(200);
    } finally {
      await peer.stop();
    }
  });
});
