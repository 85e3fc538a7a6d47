import { describe, expect, it } from 'vitest';
import { type NodeFacts, POLICY_NAMES, seededRandom, WHOLE_GPU } from '../planner/index.ts';
import { arrivals, askedMilli } from './arrivals.ts';
import type { SimulateOptions } from './contract.ts';
import type { TracePod } from './openb.ts';
import { loadKey } from './readings.ts';
import { simulateSchedule } from './schedule.ts';

const nodes: readonly NodeFacts[] = Array.from({ length: 6 }, (_, index) => ({
  name: `n${index}`,
  model: index < 4 ? 'A' : 'B',
  cpuMilli: 32_000,
  memoryMiB: 262_144,
  gpus: { count: 4, resource: WHOLE_GPU, replicas: 1 },
  resources: [],
  labels: {},
  taints: [],
  schedulable: true,
}));

const pods: readonly TracePod[] = Array.from({ length: 60 }, (_, index) => ({
  name: `p${index}`,
  cpuMilli: 1000 * (index % 6),
  memoryMiB: 4096,
  gpus:
    index % 3 === 0
      ? [{ kind: 'share', milli: 100 + 50 * (index % 7) }]
      : [{ kind: 'devices', resource: WHOLE_GPU, count: index % 10 === 1 ? 4 : 1 }],
  where: index % 11 === 0 ? { models: ['B'] } : undefined,
}));

function ticking(): () => number {
  let micros = 0;
  return () => {
    micros += 5;
    return micros;
  };
}

const options = (over: Partial<SimulateOptions> = {}): SimulateOptions => ({
  nodes,
  pods,
  policy: 'fgd',
  mode: 'online',
  load: 1.3,
  seed: 42,
  clock: ticking(),
  ...over,
});

describe('arrivals', () => {
  const loads: readonly (readonly [string, number])[] = [
    ['less than the list asks for', 0.5],
    ['more than the list asks for', 6],
  ];
  it.each(loads)('ask for %s', (_, load) => {
    const capacity = 24_000;
    const queue = arrivals(pods, capacity, load, seededRandom(1));
    const asked = queue.reduce((sum, pod) => sum + askedMilli(pod), 0);
    expect(Math.abs(asked - load * capacity)).toBeLessThanOrEqual(4000);
  });

  it('are the whole list when nothing asks for GPUs', () => {
    const idle = pods.map((pod) => ({ ...pod, gpus: [] }));
    expect(arrivals(idle, 1000, 1, seededRandom(1))).toHaveLength(idle.length);
  });
});

describe('simulateSchedule', () => {
  it.each(POLICY_NAMES)('%s keeps the contract and gives the same result twice', (policy) => {
    const result = simulateSchedule(options({ policy }));
    expect(result).toMatchObject({ policy, mode: 'online', seed: 42, nodes: 6, gpus: 24, migrations: 0 });
    expect(Object.keys(result)).toEqual([
      'policy',
      'mode',
      'seed',
      'nodes',
      'gpus',
      'pods',
      'allocatedRatio',
      'fragRatio',
      'decisionMicros',
      'planMillis',
      'migrations',
      'unscheduled',
    ]);
    expect(Object.keys(result.allocatedRatio)).toEqual(['0.5', '0.9', '1.0', '1.3']);
    expect(Object.keys(result.fragRatio)).toEqual(['0.5', '0.9', '1.0', '1.3']);
    expect(result.decisionMicros).toEqual({ p50: 5, p99: 5 });
    expect(result.unscheduled).toBeGreaterThan(0);
    expect(simulateSchedule(options({ policy }))).toEqual(result);
  });

  it('submits the same number of pods to every policy for one seed', () => {
    const counts = POLICY_NAMES.map((policy) => simulateSchedule(options({ policy })).pods);
    expect(new Set(counts).size).toBe(1);
  });

  it('reads up to the load that arrives', () => {
    expect(Object.keys(simulateSchedule(options({ load: 0.9 })).allocatedRatio)).toEqual(['0.5', '0.9']);
    expect(Object.keys(simulateSchedule(options({ load: 1.25 })).allocatedRatio)).toEqual([
      '0.5',
      '0.9',
      '1.0',
      '1.25',
    ]);
    expect(loadKey(1)).toBe('1.0');
  });

  it('allocates what is asked while there is room', () => {
    const ratio = simulateSchedule(options({ load: 0.5 })).allocatedRatio['0.5'] ?? 0;
    expect(Math.abs(ratio - 0.5)).toBeLessThan(0.17);
  });
});
