import { describe, expect, it } from 'vitest';
import { type NodeFacts, WHOLE_GPU } from '../../operator/scheduling/planner/index.ts';
import { parseOpenbPods, type TracePod } from '../../operator/scheduling/simulate/index.ts';
import { BINDING_WAYS, bindModels } from './bound.ts';
import { traceCsv } from './openb.ts';

function node(name: string, model: string, count: number): NodeFacts {
  const gpus = { count, resource: WHOLE_GPU, replicas: 1 };
  const rest = { resources: [], labels: {}, taints: [], schedulable: true };
  return { name, model, cpuMilli: count * 8000, memoryMiB: count * 65_536, gpus, ...rest };
}

const NODES = [node('a', 'A', 8), node('b', 'B', 2), node('c', 'C', 4), node('d', 'A', 8)];
const PODS: TracePod[] = Array.from({ length: 300 }, (_, at) => {
  const count = at % 3 === 0 ? 4 : 1;
  const gpus = at % 10 === 0 ? [] : [{ kind: 'devices' as const, resource: WHOLE_GPU, count }];
  return { name: `p${at}`, cpuMilli: 4000, memoryMiB: 1024, gpus };
});

describe('lists with bound pods', () => {
  it.each(BINDING_WAYS)('%s: the share asked for, only pods with GPUs, only models that could run them', (way) => {
    const pods = bindModels(PODS, NODES, { share: 1 / 3, way, seed: 1 });
    const bound = pods.filter(({ where }) => where !== undefined);
    expect(bound).toHaveLength(90);
    for (const { gpus, where } of bound) {
      const count = gpus[0]?.kind === 'devices' ? gpus[0].count : 0;
      expect(count).toBeGreaterThan(0);
      if (count > 2) expect(where?.models).not.toContain('B');
      expect(new Set(where?.models).size).toBe(where?.models?.length);
    }
    expect(pods.map(({ where: _, ...pod }) => pod)).toEqual(PODS);
  });

  it('is the same for a seed and another for another', () => {
    const list = (seed: number): TracePod[] => bindModels(PODS, NODES, { share: 0.5, way: 'sets', seed });
    expect(list(1)).toEqual(list(1));
    expect(list(1)).not.toEqual(list(2));
  });

  it('can be written as a list and read back', () => {
    const shares = PODS.map(
      (pod, at): TracePod => (at % 7 === 1 ? { ...pod, gpus: [{ kind: 'share', milli: 460 }] } : pod),
    );
    const pods = bindModels(shares, NODES, { share: 0.5, way: 'capacity', seed: 3 });
    const read = parseOpenbPods(traceCsv(pods), 'p').map(({ createdSeconds: _, deletedSeconds: __, ...pod }) => pod);
    expect(read).toEqual(pods);
  });
});
