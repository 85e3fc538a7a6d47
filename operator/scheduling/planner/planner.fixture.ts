import { type Gang, type Member, type NodeFacts, type PlanPolicy, WHOLE_GPU } from './types.ts';

/** A node with eight whole GPUs for tests; every field can be overridden. */
export function testNode(name: string, over: Partial<NodeFacts> = {}): NodeFacts {
  return {
    name,
    model: 'H100',
    cpuMilli: 64_000,
    memoryMiB: 524_288,
    gpus: { count: 8, resource: WHOLE_GPU, replicas: 1 },
    resources: [],
    labels: {},
    taints: [],
    schedulable: true,
    ...over,
  };
}

/** A pod that asks for whole GPUs for tests; every field can be overridden. */
export function testPod(key: string, gpus: number, over: Partial<Member> = {}): Member {
  return {
    key,
    cpuMilli: 1000,
    memoryMiB: 1024,
    gpus: gpus === 0 ? [] : [{ kind: 'devices', resource: WHOLE_GPU, count: gpus }],
    ...over,
  };
}

/** A gang of the given pods for tests. */
export function testGang(key: string, members: readonly Member[], over: Partial<Gang> = {}): Gang {
  return { key, priority: 0, since: 0, members, ...over };
}

/** BestFit without a seed, so that ties go to the first node. */
export const BEST_FIT: PlanPolicy = { name: 'best-fit', typical: [] };
